/** What sessions are made of and how inputs are handed to them, by background work. */

import type { CapabilityRefInput } from "../records/capability_ref.ts";
import type { AgentId, HarnessId, SessionId } from "../records/ids.ts";
import type { NetworkAccess } from "../records/network_access.ts";

/** What a new session is made of. */
export interface NewSession {
  /** Its id. @default a new one */
  readonly id?: SessionId;
  /** Its harness. */
  readonly harnessId: HarnessId;
  /** Its agent. */
  readonly agentId?: AgentId;
  /** Its title. */
  readonly title?: string;
  /** Its locale. */
  readonly locale?: string;
  /** What it is to achieve. */
  readonly goal?: string;
  /** Capabilities of its own layer. @default none */
  readonly capabilities?: readonly CapabilityRefInput[];
  /** Network policy of its own layer. @default none */
  readonly networkAccess?: NetworkAccess;
  /** The session that creates it. */
  readonly parentSessionId?: SessionId;
}

/** Options of a delivered input. */
export interface DeliverOptions {
  /** A repeat of the key returns the first turn. */
  readonly idempotencyKey?: string;
  /** Ends the wait, not the turn. */
  readonly signal?: AbortSignal;
}
