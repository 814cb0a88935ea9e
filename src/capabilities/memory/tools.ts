/** The tools `remember`, `recall` and `forget`. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { measureJsonText } from "../../kit/json_size.ts";
import { withToolErrors } from "../session_file_system/shown_path.ts";
import { type MemoryEntry, memoryId, type MemoryText } from "./memory_file.ts";
import { searchMemory } from "./memory_search.ts";
import { changeMemory, type MemoryStore, readMemory } from "./memory_store.ts";

/** Finds the store of a call. */
export type MemoryOf = (context: Pick<ToolContext, "files">) => MemoryStore;

/** Entries from which on the model is told to tidy up; nothing is ever dropped. */
export const SOFT_CAP = 200;
const MAX_TITLE = 200;
const MAX_BODY = 8_000;
const MAX_RECALLED = 20;
/** Bytes of all bodies in one answer, as JSON. */
const MAX_ANSWER = 48_000;
/** Changes of one memory run one after another. */
const CLASS = "memory";

/**
 * Remembers something, or replaces what has the same id or title.
 *
 * It is `idempotent`: the id of something new is made of the call's key.
 */
export function remember(memoryOf: MemoryOf): Tool {
  return defineTool({
    name: "remember",
    displayName: "Remember",
    description: "Remembers something for later sessions. The same title, or the id of an entry, replaces it.",
    parameters: {
      type: "object",
      properties: {
        title: { type: "string", minLength: 1, maxLength: MAX_TITLE, description: "What it is about, in one line." },
        content: { type: "string", minLength: 1, maxLength: MAX_BODY, description: "What to remember." },
        id: { type: "string", description: "The entry to replace, when its title changes too." },
      },
      required: ["title", "content"],
      additionalProperties: false,
    },
    category: "memory",
    effect: "idempotent",
    concurrencyClass: CLASS,
    hints: { readonly: false },
    permissions: {},
    execute: async (args, context) => {
      const title = oneLine(String(args["title"]));
      const body = String(args["content"]).replace(/\r\n?/g, "\n").trim();
      if (title === "" || body === "") throw new ToolError("title and content must say something");
      const newId = await memoryId(context.idempotencyKey);
      const now = new Date(context.acceptedAt).toISOString();
      return await withToolErrors(context.files, () =>
        changeMemory(memoryOf(context), (memory) => {
          const old = entryToReplace(memory, args["id"], title);
          const created = old === undefined ? now : old.created;
          const id = old?.id ?? newId;
          const entry = { id, title, body, ...(created === undefined ? {} : { created }), updated: now };
          const entries = [entry, ...memory.entries.filter((other) => other !== old)];
          const answer = { id, title, updated: old !== undefined, count: entries.length, ...warningOf(entries.length) };
          return { memory: { ...memory, entries }, answer };
        }));
    },
    narrate: ({ title }) => `Remembering ${title}`,
  });
}

/** Finds what is remembered; touches nothing, so it is `pure`. */
export function recall(memoryOf: MemoryOf): Tool {
  return defineTool({
    name: "recall",
    displayName: "Recall",
    description: "Finds what is remembered by words. Without a query: the newest.",
    parameters: {
      type: "object",
      properties: {
        query: { type: "string", maxLength: 1_000, description: "Words it is about." },
        limit: { type: "integer", minimum: 1, maximum: MAX_RECALLED, description: "Most entries. Default: 5." },
      },
      additionalProperties: false,
    },
    category: "memory",
    effect: "pure",
    hints: { readonly: true, persistOutput: false },
    permissions: {},
    execute: async ({ query, limit }, context) => {
      const { entries } = await withToolErrors(context.files, () => readMemory(memoryOf(context)));
      const found = searchMemory(entries, typeof query === "string" ? query : "");
      const shown = found.slice(0, typeof limit === "number" ? limit : 5);
      let room = MAX_ANSWER;
      const memories: JsonObject[] = [];
      for (const { entry } of shown) {
        const { units, bytes } = measureJsonText(entry.body, room);
        const content = entry.body.slice(0, units);
        room -= bytes;
        const isCut = content.length < entry.body.length;
        memories.push({ ...describe(entry), content, ...(isCut ? { truncated: true } : {}) });
      }
      return { found: found.length, total: entries.length, memories };
    },
    narrate: ({ query }) => typeof query === "string" ? `Recalling ${query}` : "Recalling",
  });
}

/** Forgets one entry; it is `idempotent`: what is not there is forgotten. */
export function forget(memoryOf: MemoryOf): Tool {
  return defineTool({
    name: "forget",
    displayName: "Forget",
    description: "Forgets one entry, by its id or its exact title.",
    parameters: {
      type: "object",
      properties: { entry: { type: "string", minLength: 1, description: "Its id or its title." } },
      required: ["entry"],
      additionalProperties: false,
    },
    category: "memory",
    effect: "idempotent",
    concurrencyClass: CLASS,
    hints: { readonly: false, destructive: true },
    permissions: {},
    execute: async ({ entry }, context) =>
      await withToolErrors(context.files, () =>
        changeMemory(memoryOf(context), (memory) => {
          const wanted = oneLine(String(entry));
          const old = memory.entries.find(({ id }) => id === wanted) ?? withTitle(memory, wanted);
          if (old === undefined) return { memory, answer: { forgotten: false, advice: "recall shows ids and titles" } };
          const entries = memory.entries.filter((other) => other !== old);
          const answer: JsonObject = { forgotten: true, id: old.id, title: old.title };
          return { memory: { ...memory, entries }, answer };
        })),
    narrate: ({ entry }) => `Forgetting ${entry}`,
  });
}

function entryToReplace(memory: MemoryText, id: unknown, title: string): MemoryEntry | undefined {
  const named = withTitle(memory, title);
  if (typeof id !== "string") return named;
  const old = memory.entries.find((entry) => entry.id === id);
  if (old === undefined) throw new ToolError(`Nothing is remembered under ${JSON.stringify(id)}; leave the id out`);
  if (named !== undefined && named !== old) {
    throw new ToolError(`${JSON.stringify(title)} is already the title of ${named.id}; choose another, or forget that`);
  }
  return old;
}

function withTitle({ entries }: MemoryText, title: string): MemoryEntry | undefined {
  return entries.find((entry) => entry.title.toLowerCase() === title.toLowerCase());
}

function describe({ id, title, created, updated }: MemoryEntry): JsonObject {
  return {
    id,
    title,
    ...(created === undefined ? {} : { created }),
    ...(updated === undefined ? {} : { updated }),
  };
}

function warningOf(count: number): { readonly warning?: string } {
  return count <= SOFT_CAP ? {} : { warning: `${count} entries are many: join or forget what is no longer needed` };
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}
