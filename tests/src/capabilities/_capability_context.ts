/** What a capability's functions get when a test calls them. */

import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { createSession } from "../../../src/kit/create_records.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { IdSource, systemRandom } from "../../../src/kit/ids.ts";
import type { Capability, CapabilityContext } from "../../../src/ports/capability.ts";
import type { SessionFiles } from "../../../src/ports/file_store.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { sessionFiles } from "./_tool_context.ts";

/** A context over some files and a configuration. */
export function capabilityContext(
  files: SessionFiles = sessionFiles(new InMemoryFileStore()),
  config: JsonObject = {},
): CapabilityContext {
  const ids = new IdSource(systemClock(), systemRandom());
  const session = createSession({ harnessId: idFromSeed("harness", 1) }, { ids, now: 0 });
  return { session, config, locale: undefined, model: "test-model", files, now: 0 };
}

/** The text a capability adds to the prompt. */
export async function promptOf(
  capability: Capability,
  context: CapabilityContext = capabilityContext(),
): Promise<string | undefined> {
  const { systemPrompt } = capability;
  return typeof systemPrompt === "function" ? await systemPrompt(context) : systemPrompt;
}
