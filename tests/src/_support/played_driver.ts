/** A driver that plays events call by call, for what a simulated model cannot be told to do. */

import type {
  Driver,
  DriverDescriptor,
  ModelCallOptions,
  ModelEvent,
  ModelRequest,
  PreparedRequest,
  Usage,
} from "../../../mod.ts";
import { descriptorOf } from "./drivers.ts";

/** What one call comes to: its events, also depending on the request, or an error that is thrown. */
export type Played = readonly ModelEvent[] | Error | ((request: ModelRequest) => readonly ModelEvent[]);

/** What every reply of {@linkcode texts} and {@linkcode calls} uses. */
export const USED: Usage = { inputTokens: 10, outputTokens: 5 };

/** A complete reply of pieces of text. */
export function texts(...deltas: readonly string[]): ModelEvent[] {
  return [
    ...deltas.map((delta): ModelEvent => ({ type: "text", delta })),
    { type: "done", finishReason: "stop", usage: USED, responseId: "resp_1" },
  ];
}

/** A complete reply that calls one tool. */
export function call(name: string, args: Extract<ModelEvent, { type: "tool_call" }>["arguments"] = {}): ModelEvent[] {
  return [
    { type: "tool_call", name, arguments: args },
    { type: "done", finishReason: "tool_calls", usage: USED },
  ];
}

/** Plays one entry a call; asked once too often it fails. */
export class PlayedDriver implements Driver {
  /** See {@linkcode Driver.id}. */
  readonly id = "test";
  /** Copies of the requests so far. */
  readonly requests: ModelRequest[] = [];
  /** How many events each stream was asked for. */
  readonly pulled: number[] = [];
  readonly #plays: readonly Played[];

  /** Plays these. */
  constructor(...plays: readonly Played[]) {
    this.#plays = plays;
  }

  /** Not looked at. */
  prepare(request: ModelRequest): PreparedRequest {
    return { method: "POST", url: "test://model", headers: {}, body: JSON.stringify(request) };
  }

  /** Plays the next entry. */
  async *stream(request: ModelRequest, { signal }: ModelCallOptions): AsyncGenerator<ModelEvent> {
    signal.throwIfAborted();
    const place = this.requests.length;
    this.requests.push({ ...request, messages: [...request.messages] });
    const play = this.#plays[place] ?? new Error(`call ${place + 1} was not foreseen`);
    if (play instanceof Error) throw play;
    this.pulled.push(0);
    for (const event of typeof play === "function" ? play(request) : play) {
      this.pulled[this.pulled.length - 1] = (this.pulled.at(-1) ?? 0) + 1;
      yield event;
      await Promise.resolve();
    }
  }

  /** What is registered. */
  get descriptor(): DriverDescriptor {
    return descriptorOf(this);
  }
}
