/** What turns of one session share, and inputs on their way into one. */

import type { SessionId } from "../records/ids.ts";
import type { InputMessage } from "../records/message.ts";
import type { Usage } from "../records/usage.ts";
import type { ConfigCache } from "../context/config_cache.ts";
import type { SessionHistory } from "./history.ts";
import type { TurnHandle } from "./turn_handle.ts";

/** An input that joins a running turn. */
export interface PendingInput {
  /** The input. */
  readonly input: InputMessage;
  /** Its idempotency key. */
  readonly key: string | undefined;
  /** It is stored, or was before; with a turn when it came too late for its own and started, or joined, that one. */
  accepted(next?: TurnHandle): void;
  /** It could not be stored. */
  rejected(error: unknown): void;
}

/** What a turn shares with the others of its session. */
export interface SessionShare {
  /** The session. */
  readonly sessionId: SessionId;
  /** The history up to the last step. */
  history: SessionHistory;
  /** The fold of its layers. */
  readonly config: ConfigCache;
  /** Grows when the session's configuration changed through the runtime. */
  epoch: number;
  /** What the session used up to a sequence, once somebody asked. */
  spent?: { total: Usage; sequence: number };
}
