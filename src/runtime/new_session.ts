/** Adding a session to a runtime that is built. */

import { RuntimeError } from "../errors.ts";
import type { Session } from "../records/session.ts";
import { createSession, type SessionInput } from "../kit/create_records.ts";
import { mayHaveFiles, readLayers } from "../context/layers.ts";
import type { RuntimeParts } from "./runtime_parts.ts";
import { seedFiles } from "./seed.ts";

/**
 * Stores a session and the files of its layers; everything that could be wrong is found out before.
 *
 * @throws {RuntimeError} `session_exists` when one with that id is stored
 * @throws {NotFoundError} when the harness or agent is not stored
 */
export async function addNewSession(parts: RuntimeParts, input: SessionInput): Promise<Session> {
  const { slots, ids, clock, fileStore, capabilities, folds } = parts;
  const session = createSession(input, { ids, now: clock.now() });
  if (input.id !== undefined && await slots.sessionStore.getSession(session.id) !== undefined) {
    throw new RuntimeError(
      "session_exists",
      `Cannot create session "${session.id}": one with that id is stored; use it, or leave the id out`,
    );
  }
  const sources = { harnesses: slots.harnessStore, agents: slots.agentStore, sessions: slots.sessionStore };
  const layers = await readLayers(session, sources);
  await slots.sessionStore.addSession(session);
  if (mayHaveFiles(layers)) await seedFiles(layers, fileStore, capabilities, folds);
  return session;
}
