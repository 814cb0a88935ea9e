/** The `memory` capability: what outlasts a conversation. */

import { FileStoreError, ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { Capability } from "../../ports/capability.ts";
import type { ToolContext } from "../../ports/tool.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { canonicalPath } from "../../kit/paths.ts";
import { quoteForPrompt } from "../../kit/prompt_text.ts";
import { about, text } from "../../kit/setting_kinds.ts";
import { defineSettings } from "../../kit/settings.ts";
import type { MemoryEntry } from "./memory_file.ts";
import { fileMemory, type MemoryStore, readMemory } from "./memory_store.ts";
import { forget, type MemoryOf, recall, remember } from "./tools.ts";

const SETTINGS = defineSettings({
  path: about(
    "The file of the session's files that is the memory, unless the host passes a store.",
    text("/MEMORY.md"),
  ),
});

/** Titles named in the prompt. */
const MAX_TITLES = 15;

const INTRODUCTION =
  `Use remember for what will matter in later conversations: decisions, preferences, facts about the \
work; never secrets. Use recall before you ask for what you may have been told.`;

/** Options of {@linkcode memory}. */
export interface MemoryOptions {
  /** Keeps the memory of all sessions in one place. @default a file of each session's own files */
  readonly store?: MemoryStore;
}

/**
 * Lets the model remember across conversations: the tools `remember`, `recall` and `forget`.
 *
 * Memory is a Markdown file of sections, `/MEMORY.md` of the session's files unless the host passes a store: sessions that
 * share a workspace share it. The prompt names the 15 newest titles. `recall` counts 3 for a word in the title and 1 for
 * one in the text, of equals the newest first. Beyond 200 entries the model is warned; nothing is dropped by itself. What
 * is remembered is the model's own words of what it read: it is no safer than that. Its configuration: `path`.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Noted."))
 *   .singleSession((s) =>
 *     s.harness("helper", "Help.").withCapability("memory")
 *       .sessionInitialFile({ path: "/MEMORY.md", content: "## Tea\n\nGreen, no sugar." })
 *   )
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.systemPrompt.includes("- Tea"));
 * ```
 */
export function memory(options: MemoryOptions = {}): Capability {
  const memoryAt = (path: string): MemoryOf => ({ files }: Pick<ToolContext, "files">) =>
    options.store ?? fileMemory(files, path);
  return defineCapability({
    id: "memory",
    name: "Memory",
    description: "Remembers, recalls and forgets across conversations.",
    category: "context",
    riskLevel: "medium",
    systemPrompt: ({ files, config }) => describeMemory(memoryAt(SETTINGS.read(config).path)({ files })),
    tools: (config) => {
      const memoryOf = memoryAt(SETTINGS.read(config).path);
      return [remember(memoryOf), recall(memoryOf), forget(memoryOf)];
    },
    configSchema: SETTINGS.schema,
    validateConfig: (config) => SETTINGS.problem(config) ?? pathProblem(config),
    permissions: {},
  });
}

async function describeMemory(store: MemoryStore): Promise<string> {
  const entries = await readEntries(store);
  if (entries.length === 0) return INTRODUCTION;
  const titles = entries.slice(0, MAX_TITLES).map(({ title }) => `- ${quoteForPrompt(title)}`);
  const more = entries.length - titles.length;
  return [INTRODUCTION, "Remembered, newest first:", ...titles, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

/** A file that is no memory must not end every turn: the tools tell the model what is wrong with it. */
async function readEntries(store: MemoryStore): Promise<readonly MemoryEntry[]> {
  try {
    return (await readMemory(store)).entries;
  } catch (error) {
    if (error instanceof FileStoreError || error instanceof ToolError) return [];
    throw error;
  }
}

function pathProblem(config: JsonObject): string | undefined {
  try {
    return canonicalPath(SETTINGS.read(config).path) === "/" ? "`path` is the root, not a file" : undefined;
  } catch (error) {
    if (error instanceof FileStoreError) return `\`path\` is no path: ${error.message}`;
    throw error;
  }
}
