/** Storing what the builder was told. */

import { ConfigurationError } from "../errors.ts";
import type { Agent, Harness } from "../records/harness.ts";
import type { SessionId } from "../records/ids.ts";
import type { Session } from "../records/session.ts";
import type { RuntimeFileStore } from "../ports/file_store.ts";
import type { CapabilityRegistry } from "../kit/capability_registry.ts";
import { foldLayers } from "../context/layers.ts";
import { readLayers } from "../context/layers.ts";
import type { BackendSlots } from "./backends.ts";

/** What is stored. */
export interface SeedInput {
  /** Where records go. */
  readonly slots: BackendSlots;
  /** Where files go. */
  readonly fileStore: RuntimeFileStore;
  /** For files that capabilities bring. */
  readonly capabilities: CapabilityRegistry;
  /** Harnesses. */
  readonly harnesses: readonly Harness[];
  /** Agents. */
  readonly agents: readonly Agent[];
  /** Sessions. */
  readonly sessions: readonly Session[];
  /** Text files, written after the layers' own. */
  readonly files: readonly { readonly sessionId: SessionId; readonly path: string; readonly content: string }[];
}

/**
 * Stores records, then files.
 *
 * @throws {ConfigurationError} when a session names a harness or agent that is not stored
 */
export async function seedRecords(input: SeedInput): Promise<void> {
  const { slots, fileStore } = input;
  for (const harness of input.harnesses) await slots.harnessStore.addHarness(harness);
  for (const agent of input.agents) await slots.agentStore.addAgent(agent);
  for (const session of input.sessions) {
    await slots.sessionStore.addSession(session);
    await seedFiles(session.id, input);
  }
  for (const { sessionId, path, content } of input.files) {
    const session = await slots.sessionStore.getSession(sessionId);
    if (session === undefined) {
      throw new ConfigurationError(`Cannot seed file "${path}": session "${sessionId}" is not stored`);
    }
    await fileStore.writeFile(session.workspaceId, path, content, "text");
  }
}

/** Writes the files of a session's layers and capabilities where they are absent. */
export async function seedFiles(
  sessionId: SessionId,
  { slots, fileStore, capabilities }: Pick<SeedInput, "slots" | "fileStore" | "capabilities">,
): Promise<void> {
  const sources = { harnesses: slots.harnessStore, agents: slots.agentStore, sessions: slots.sessionStore };
  const layers = await readLayers(sessionId, sources).catch((error: unknown) => {
    throw new ConfigurationError(`Cannot seed session "${sessionId}": its harness or agent is not stored`, {
      cause: error,
    });
  });
  const overlay = foldLayers(layers);
  const { workspaceId } = layers.session;
  for (const file of overlay.initialFiles) await fileStore.seedInitialFile(workspaceId, file);
  if (overlay.capabilities.length === 0) return;
  const { resolveCapabilities } = await import("../context/resolve.ts");
  const { capabilities: resolved } = await resolveCapabilities(overlay.capabilities, capabilities, undefined);
  for (const { capability } of resolved) {
    for (const file of capability.files ?? []) await fileStore.seedInitialFile(workspaceId, file);
  }
}
