/** Writing the files that the layers and capabilities of a session bring along. */

import { ConfigurationError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { InitialFile } from "../records/initial_file.ts";
import type { RuntimeFileStore } from "../ports/file_store.ts";
import type { RuntimeSessionStore } from "../ports/stores.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";
import { ConfigCache, type Fold, type SharedFolds } from "../context/config_cache.ts";
import type { ConfigLayers } from "../context/layers.ts";
import { resolveCapabilities } from "../context/resolve.ts";

/** A text file the builder was told to write. */
export interface SeedFile {
  /** The session whose workspace gets it. */
  readonly sessionId: SessionId;
  /** Where. */
  readonly path: string;
  /** The text. */
  readonly content: string;
}

/**
 * Writes the text files the builder was told to write.
 *
 * @throws {ConfigurationError} when a session is not stored
 */
export async function writeSeedFiles(
  files: readonly SeedFile[],
  sessions: RuntimeSessionStore,
  fileStore: RuntimeFileStore,
): Promise<void> {
  for (const { sessionId, path, content } of files) {
    const session = await sessions.getSession(sessionId);
    if (session === undefined) {
      throw new ConfigurationError(`Cannot seed file "${path}": session "${sessionId}" is not stored`);
    }
    await fileStore.writeFile(session.workspaceId, path, content, "text");
  }
}

/** Writes the files of a session's layers and capabilities where they are absent. */
export async function seedFiles(
  layers: ConfigLayers,
  fileStore: RuntimeFileStore,
  registry: CapabilityRegistry,
  folds: SharedFolds,
): Promise<void> {
  const fold = await new ConfigCache(folds).fold(layers);
  fold.files ??= await collectFiles(fold, registry);
  for (const file of fold.files) await fileStore.seedInitialFile(layers.session.workspaceId, file);
}

async function collectFiles({ overlay }: Fold, registry: CapabilityRegistry): Promise<readonly InitialFile[]> {
  const { capabilities } = await resolveCapabilities(overlay.capabilities, registry, undefined);
  return [...overlay.initialFiles, ...capabilities.flatMap(({ capability }) => capability.files ?? [])];
}
