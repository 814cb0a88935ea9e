/** Adding a session to a runtime that is built. */

import { RuntimeError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { Session } from "../records/session.ts";
import type { RuntimeSessionStore } from "../ports/stores.ts";
import { createSession, type SessionInput } from "../kit/create_records.ts";
import { mayHaveFiles, readLayers } from "../context/layers.ts";
import type { RuntimeParts } from "./runtime_parts.ts";
import { seedFiles } from "./seed.ts";

/** Ids that are being stored, by store: two calls at the same time must not both find an id free. */
const beingAdded = new WeakMap<RuntimeSessionStore, Set<SessionId>>();

/**
 * Stores the files of a session's layers, then the session: what could not be made whole is not there.
 *
 * @throws {RuntimeError} `session_exists` when one with that id is stored
 * @throws {NotFoundError} when the harness or agent is not stored
 * @throws {FileStoreError} when a file cannot be written
 */
export async function addNewSession(parts: RuntimeParts, input: SessionInput): Promise<Session> {
  const { slots: { sessionStore }, ids, clock } = parts;
  const session = createSession(input, { ids, now: clock.now() });
  if (input.id === undefined) return await add(parts, session);
  const adding = beingAdded.get(sessionStore) ?? new Set();
  beingAdded.set(sessionStore, adding);
  if (adding.has(session.id)) throw exists(session.id);
  adding.add(session.id);
  try {
    if (await sessionStore.getSession(session.id) !== undefined) throw exists(session.id);
    return await add(parts, session);
  } finally {
    adding.delete(session.id);
  }
}

async function add(parts: RuntimeParts, session: Session): Promise<Session> {
  const { slots, fileStore, capabilities, folds } = parts;
  const sources = { harnesses: slots.harnessStore, agents: slots.agentStore, sessions: slots.sessionStore };
  const layers = await readLayers(session, sources);
  if (mayHaveFiles(layers)) await seedFiles(layers, fileStore, capabilities, folds);
  await slots.sessionStore.addSession(session);
  return session;
}

function exists(id: SessionId): RuntimeError {
  return new RuntimeError(
    "session_exists",
    `Cannot create session "${id}": one with that id is stored; use it, or leave the id out`,
  );
}
