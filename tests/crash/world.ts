/** What a scenario has to work with: a client that keeps what it was told, and says everything again after a crash. */

import type { Message } from "../../src/records/message.ts";
import { textOf } from "../../src/records/content.ts";
import type { HarnessId, SessionId } from "../../src/records/ids.ts";
import { idFromSeed } from "../../src/records/ids.ts";
import type { TurnResult } from "../../src/records/turn.ts";
import type { InProcessRuntime } from "../../src/runtime/in_process_runtime.ts";
import type { TurnHandle } from "../../src/turn/turn_handle.ts";
import type { LocalBackends } from "../../local/backends.ts";
import type { Control } from "./protocol.ts";
import { tell } from "./protocol.ts";

/** The session of most scenarios. */
export const SESSION: SessionId = idFromSeed("session", 1);
/** The harness of all sessions. */
export const HARNESS: HarnessId = idFromSeed("harness", 1);

/** How an input is said. */
export interface SayOptions {
  /** Its idempotency key; without one the client looks at the history before it says it again. */
  readonly key?: string;
  /** The session. @default {@linkcode SESSION} */
  readonly sessionId?: SessionId;
}

/** What a world is made of. */
export interface WorldParts {
  /** The runtime. */
  readonly runtime: InProcessRuntime;
  /** Its stores. */
  readonly local: LocalBackends;
  /** Whether turns are to be ended, so that everything can be checked. */
  readonly settle: boolean;
  /** Resolves when the call that never ends by itself has begun. */
  readonly hanging: Promise<void>;
  /** See {@linkcode Control}. */
  readonly control: Control | undefined;
}

/** A client of one runtime. */
export class World implements Readonly<Omit<WorldParts, "control">> {
  /** The runtime. */
  readonly runtime: InProcessRuntime;
  /** Its stores. */
  readonly local: LocalBackends;
  /** Whether turns are to be ended. */
  readonly settle: boolean;
  /** Resolves when the call that never ends by itself has begun. */
  readonly hanging: Promise<void>;
  readonly #control: Control | undefined;

  /** Speaks to a runtime. */
  constructor(parts: WorldParts) {
    this.runtime = parts.runtime;
    this.local = parts.local;
    this.settle = parts.settle;
    this.hanging = parts.hanging;
    this.#control = parts.control;
  }

  /** Starts a turn and tells when its input is accepted and when it is over. */
  start(text: string, { key, sessionId = SESSION }: SayOptions = {}): TurnHandle {
    const options = key === undefined ? {} : { idempotencyKey: key };
    if (this.#control === "early-acks") tell({ type: "acked", sessionId, text });
    const handle = this.runtime.startTurn(sessionId, text, options);
    handle.accepted.then(() => tell({ type: "acked", sessionId, text }), () => {});
    handle.result.then((result) => tellFinished(text, result), () => {});
    return handle;
  }

  /** Runs a turn to its end, unless an input without a key is in the history already. */
  async say(text: string, options: SayOptions = {}): Promise<TurnResult | undefined> {
    if (options.key === undefined && await this.hears(text, options.sessionId) > 0) return undefined;
    return await this.start(text, options).result;
  }

  /** Hands an input over as a wake is. */
  async deliver(text: string, key: string): Promise<void> {
    await this.runtime.deliver(SESSION, text, { idempotencyKey: key });
    tell({ type: "acked", sessionId: SESSION, text });
  }

  /** Adds an input to a turn. */
  async steer(handle: TurnHandle, text: string, key: string): Promise<void> {
    const receipt = await handle.steer(text, { idempotencyKey: key });
    tell({ type: "acked", sessionId: SESSION, text });
    if (!receipt.joined) await receipt.turn.result;
  }

  /** How often an input is in the history. */
  async hears(text: string, sessionId: SessionId = SESSION): Promise<number> {
    return inputsOf(await this.runtime.messages(sessionId)).filter((input) => input === text).length;
  }

  /** Waits until an input that others deliver is stored and its turn is over. */
  async awaits(text: string): Promise<void> {
    while (await this.hears(text) === 0 || await this.runtime.status(SESSION) !== "idle") {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** The texts of the inputs of a history. */
export function inputsOf(messages: readonly Message[]): string[] {
  return messages.filter(({ role }) => role === "user").map(({ content }) => textOf(content));
}

function tellFinished(text: string, { sessionId, turnId, status, response }: TurnResult): void {
  tell({ type: "finished", sessionId, text, turnId, status, response });
}
