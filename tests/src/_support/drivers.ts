/** Drivers made for one test. */

import {
  type Driver,
  type DriverDescriptor,
  DriverRegistry,
  type InProcessRuntimeBuilder,
  type ModelCallOptions,
  type ModelEvent,
  type ModelRequest,
  type PreparedRequest,
} from "../../../mod.ts";

/** Registers a driver under the id `test` and makes its model the default one. */
export function useDriver(descriptor: DriverDescriptor): (builder: InProcessRuntimeBuilder) => InProcessRuntimeBuilder {
  return (builder) =>
    builder.driverRegistry(new DriverRegistry().register(descriptor))
      .defaultModel({ model: "test-model", providerType: descriptor.id });
}

/** A driver that fails with whatever is given. */
export function failingDriver(thrown: unknown): DriverDescriptor {
  return descriptorOf({
    id: "test",
    prepare: () => ({ method: "POST", url: "test://model", headers: {}, body: "" }),
    stream: () => {
      throw thrown;
    },
  });
}

/** A driver that keeps the bodies it prepared and those it was streaming. */
export class RecordingDriver implements Driver {
  /** See {@linkcode Driver.id}. */
  readonly id = "test";
  /** The requests a stream was opened for, exactly as `prepare` writes them. */
  readonly sent: PreparedRequest[] = [];
  readonly #texts: readonly string[];

  /** Answers one text after the other, the last one again and again. */
  constructor(...texts: readonly string[]) {
    this.#texts = texts;
  }

  /** Writes everything it is given into the body. */
  prepare(request: ModelRequest): PreparedRequest {
    return {
      method: "POST",
      url: `test://model/${request.model}`,
      headers: { "content-type": "application/json", authorization: "[secret]" },
      body: JSON.stringify(request),
    };
  }

  /** Keeps the request, then answers. */
  async *stream(request: ModelRequest, options: ModelCallOptions): AsyncGenerator<ModelEvent> {
    options.signal.throwIfAborted();
    this.sent.push(this.prepare(request));
    yield { type: "text", delta: this.#texts[this.sent.length - 1] ?? this.#texts.at(-1) ?? "ok" };
    yield { type: "done", finishReason: "stop" };
  }

  /** What is registered. */
  get descriptor(): DriverDescriptor {
    return descriptorOf(this);
  }
}

/** The descriptor of a driver that needs nothing. */
export function descriptorOf(driver: Driver): DriverDescriptor {
  return { id: driver.id, requiresApiKey: false, permissions: () => ({}), create: () => driver };
}
