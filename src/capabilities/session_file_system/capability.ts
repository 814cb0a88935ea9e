/** The `session_file_system` capability: tools over the session's files. */

import type { Capability } from "../../ports/capability.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { deleteFile } from "./delete_file.ts";
import { editFile } from "./edit_file.ts";
import { grepFiles } from "./grep_files.ts";
import { listDirectory, statFile } from "./list_directory.ts";
import { readFile } from "./read_file.ts";
import { readManyFiles } from "./read_many_files.ts";
import { writeFile } from "./write_file.ts";

/**
 * Lets the model read, write, list, search and delete the files of its session.
 *
 * The files are those of the runtime's file store, which are the host's only if the host chose such a store. Every path
 * the model sees begins with the store's `displayRoot`. Tools that change files run in the order of their calls; reads
 * may run beside them. `edit_file` changes a file only while it is as the model has read it: `read_file` gives a hash, and
 * the edit names it.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Noted."))
 *   .singleSession((s) => s.harness("writer", "Keep notes.").withCapability("session_file_system"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "write_file"));
 * ```
 */
export const sessionFileSystem: Capability = defineCapability({
  id: "session_file_system",
  name: "Session files",
  description: "Reads, writes, lists and searches the files of the session.",
  category: "files",
  riskLevel: "medium",
  systemPrompt: ({ files }) =>
    `This session has files of its own under ${files.displayRoot}. Relative paths count from there.` +
    " Read a file before you change it; to change parts of a text file, prefer edit_file to write_file.",
  tools: [readFile, readManyFiles, writeFile, editFile, listDirectory, grepFiles, deleteFile, statFile],
  features: ["file_system"],
  permissions: {},
});
