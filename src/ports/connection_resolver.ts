/** The connection port: the user's accounts at outside services. */

import type { SessionId } from "../records/ids.ts";
import type { Secret } from "../records/secret.ts";

/** Finds a user's token for an outside service. */
export interface ConnectionResolver {
  /** The token, or undefined when the service is not connected. */
  resolveConnection(sessionId: SessionId, provider: string): Promise<Secret | undefined>;
}
