/** The seam between background work and sessions. */

import type { SessionId } from "../../src/records/ids.ts";
import type { Announcement } from "../../src/ports/session_host.ts";

/** Where texts for sessions go: a host's own route, or a turn of the session. */
export interface WakeDelivery {
  /**
   * Stores the text as an input of the session, once per key.
   *
   * @throws {SessionBusyError} when another process runs a turn of the session
   * @throws {TurnWaitingError} when its turn waits for its client
   */
  deliver(sessionId: SessionId, text: string, idempotencyKey: string, signal?: AbortSignal): Promise<void>;
  /**
   * Whether a text that was handed over with this key waits to be stored, as for the next step of a turn: whoever no
   * longer waits for it has not failed.
   *
   * @default no text ever waits
   */
  isUnderway?(sessionId: SessionId, idempotencyKey: string): boolean;
  /** Whether this process could deliver now: nobody else runs the session, and its turn does not wait for a client. */
  canDeliver(sessionId: SessionId): Promise<boolean>;
  /** Shows live subscribers of the session that a schedule fired. @default nobody is told */
  announce?(sessionId: SessionId, announcement: Announcement): void;
}
