/** Writing the files that the layers and capabilities of a session bring along. */

import type { SessionId } from "../records/ids.ts";
import type { RuntimeFileStore } from "../ports/file_store.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";
import { ConfigCache } from "../context/config_cache.ts";
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

/** Writes the files of a session's layers and capabilities where they are absent. */
export async function seedFiles(
  layers: ConfigLayers,
  fileStore: RuntimeFileStore,
  registry: CapabilityRegistry,
): Promise<void> {
  const { overlay } = await new ConfigCache().fold(layers);
  const { workspaceId } = layers.session;
  for (const file of overlay.initialFiles) await fileStore.seedInitialFile(workspaceId, file);
  const { capabilities } = await resolveCapabilities(overlay.capabilities, registry, undefined);
  for (const { capability } of capabilities) {
    for (const file of capability.files ?? []) await fileStore.seedInitialFile(workspaceId, file);
  }
}
