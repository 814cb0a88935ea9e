/** The conversations of a workspace: new ones, stored ones, and their titles. */

import { createSession, type HarnessId, parseId, type Session, type SessionId } from "@everruns/runtime";
import type { LocalRuntime } from "@everruns/runtime/local";
import { UsageError } from "./options.ts";

const MAX_TITLE = 70;

/** Which session to open. */
export interface SessionWish {
  readonly session?: string | undefined;
  readonly continue?: boolean;
}

/**
 * The session of a wish; a new one without any.
 *
 * @throws {UsageError} when it is not stored
 */
export async function openSession(runtime: LocalRuntime, harnessId: HarnessId, wish: SessionWish): Promise<SessionId> {
  if (wish.session !== undefined) return await storedSession(runtime, wish.session);
  if (wish.continue === true) {
    const [newest] = await listSessions(runtime);
    if (newest !== undefined) return newest.id;
  }
  return await newSession(runtime, harnessId);
}

/** Makes a session. */
export async function newSession(runtime: LocalRuntime, harnessId: HarnessId): Promise<SessionId> {
  const session = createSession({ harnessId });
  await runtime.local.runtimeBackends.slots.sessionStore.addSession(session);
  return session.id;
}

/** The sessions a user said something in, the one that was talked to last first. */
export async function listSessions(runtime: LocalRuntime): Promise<readonly Session[]> {
  const sessions = await runtime.listSessions();
  return sessions.filter(({ parentSessionId, title }) => parentSessionId === undefined && title !== undefined)
    .toSorted((a, b) => b.updatedAt - a.updatedAt);
}

/** Titles a session by what was said first; one that has a title gets it again, which is what makes it the newest. */
export async function titleSession(runtime: LocalRuntime, sessionId: SessionId, text: string): Promise<void> {
  const store = runtime.local.runtimeBackends.slots.sessionStore;
  const known = (await store.getSession(sessionId))?.title;
  if (known !== undefined) return void await store.updateSessionTitle?.(sessionId, known);
  const line = text.trim().replace(/\s+/g, " ");
  const title = line.length > MAX_TITLE ? `${line.slice(0, MAX_TITLE - 1)}…` : line;
  const kept = title === "" ? "(no text)" : title;
  await store.updateSessionTitle?.(sessionId, kept);
  runtime.announce(sessionId, { type: "session.title.updated", title: kept });
}

/** Sequence of the newest event of a session; 0 without any. Found by few short reads, also while another process has it. */
export async function lastSequence(runtime: LocalRuntime, sessionId: SessionId): Promise<number> {
  const { journal } = runtime.local.runtimeBackends.slots;
  const isBeyond = async (after: number): Promise<boolean> =>
    journal !== undefined && (await journal.events(sessionId, { after, limit: 1 })).length > 0;
  let last = 0;
  let step = 1;
  while (await isBeyond(last + step - 1)) {
    last += step;
    step *= 2;
  }
  for (; step >= 1; step /= 2) {
    if (await isBeyond(last + step - 1)) last += step;
  }
  return last;
}

/** A line for each session: id, when it was last talked to, title. */
export function describeSessions(sessions: readonly Session[]): string {
  return sessions.map(({ id, updatedAt, title }) => {
    const at = new Date(updatedAt).toISOString().slice(0, 16).replace("T", " ");
    return `${id}  ${at}  ${title}`;
  }).join("\n");
}

async function storedSession(runtime: LocalRuntime, text: string): Promise<SessionId> {
  const sessions = runtime.local.runtimeBackends.slots.sessionStore;
  let id: SessionId;
  try {
    id = parseId("session", text);
  } catch {
    throw new UsageError(`"${text}" is no session id; --list-sessions names those of this folder`);
  }
  if (await sessions.getSession(id) !== undefined) return id;
  throw new UsageError(`session ${id} is not stored for this folder; --list-sessions names those that are`);
}
