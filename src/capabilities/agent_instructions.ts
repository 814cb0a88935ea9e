/** The `agent_instructions` capability: what AGENTS.md says. */

import { FileStoreError } from "../errors.ts";
import type { JsonObject } from "../records/json.ts";
import type { Capability, CapabilityContext } from "../ports/capability.ts";
import type { SessionFiles } from "../ports/file_store.ts";
import { cutToBytes } from "../kit/cut_to_bytes.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { canonicalPath } from "../kit/paths.ts";
import { quoteForPrompt } from "../kit/prompt_text.ts";
import { about, textList, wholeNumber } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";

const SETTINGS = defineSettings({
  files: about("Paths of the files to read, in their order.", textList(["AGENTS.md"], 16)),
  max_bytes: about("Most bytes of all of them; the rest is cut.", wholeNumber(32_768, { min: 1_024, max: 262_144 })),
});

const INTRODUCTION = "How to work in this workspace, as its files say. What the user says now counts more.";

/**
 * Puts the instructions of a workspace into the prompt: the session's `AGENTS.md`, read once per turn.
 *
 * Its configuration: `files`, the paths to read in their order (default `["AGENTS.md"]`, at most 16), and `max_bytes`
 * of all of them (default 32,768; 1,024 to 262,144), cut with a note. A file that is missing, a directory or not text is
 * passed over. The files are whatever the file store holds: who can write them can instruct the model, also the model.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) =>
 *     s.harness("coder", "Write code.")
 *       .withCapability({ ref: "agent_instructions", config: { files: ["AGENTS.md", "docs/style.md"] } })
 *       .sessionInitialFile({ path: "/AGENTS.md", content: "Use tabs." })
 *   )
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.systemPrompt.includes("Use tabs."));
 * ```
 */
export const agentInstructions: Capability = defineCapability({
  id: "agent_instructions",
  name: "Agent instructions",
  description: "Puts the AGENTS.md of the workspace into the prompt.",
  category: "context",
  riskLevel: "low",
  systemPrompt: readInstructions,
  configSchema: SETTINGS.schema,
  validateConfig: (config) => SETTINGS.problem(config) ?? pathProblem(config),
  permissions: {},
});

async function readInstructions({ files, config }: CapabilityContext): Promise<string | undefined> {
  const { files: paths, max_bytes: maxBytes } = SETTINGS.read(config);
  const parts: string[] = [];
  let room = maxBytes;
  for (const path of paths) {
    const file = await readText(files, path);
    if (file === undefined || file.text.trim() === "") continue;
    const text = cutToBytes(file.text, room);
    room -= new TextEncoder().encode(text).length;
    const note = text.length < file.text.length ? `\n[cut: the instructions have more than ${maxBytes} bytes]` : "";
    const root = files.displayRoot === "/" ? "" : files.displayRoot;
    parts.push(`<instructions file="${root}${file.path}">\n${quoteForPrompt(text).trim()}${note}\n</instructions>`);
    if (note !== "") break;
  }
  return parts.length === 0 ? undefined : [INTRODUCTION, ...parts].join("\n\n");
}

async function readText(
  files: SessionFiles,
  path: string,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  try {
    const file = await files.readFile(path);
    return file.encoding === "text" ? { path: file.path, text: file.content.replace(/^\ufeff/, "") } : undefined;
  } catch (error) {
    if (error instanceof FileStoreError) return undefined;
    throw error;
  }
}

function pathProblem(config: JsonObject): string | undefined {
  for (const path of SETTINGS.read(config).files) {
    try {
      canonicalPath(path);
    } catch (error) {
      if (error instanceof FileStoreError) return `an entry of \`files\` is no path: ${error.message}`;
      throw error;
    }
  }
  return undefined;
}
