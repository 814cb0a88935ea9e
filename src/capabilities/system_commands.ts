/** The `system_commands` capability: commands for people that every session can offer. */

import { FileStoreError } from "../errors.ts";
import { type ContentPart, textOf } from "../records/content.ts";
import type { Message } from "../records/message.ts";
import type { Capability, Command, CommandContext, CommandResult } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";

/** Messages that `/history` shows when no number is given, and at most. */
const DEFAULT_HISTORY = 10;
const MAX_HISTORY = 200;
/** Characters of one message there. */
const MAX_LINE = 200;
/** Entries that `/files` shows. */
const MAX_FILES = 200;
/** Characters of an export; the oldest messages are left out. */
const MAX_EXPORT = 4 * 1024 * 1024;

/**
 * The commands `/status`, `/history`, `/files` and `/export`; they read, and change nothing.
 *
 * `/status` tells about the session, `/history [count]` shows the newest messages (10; at most 200), `/files [path]` lists
 * a directory of the session, `/export` gives the conversation as Markdown, the newest 4 MiB of it.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Hello."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability("system_commands"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "hi");
 * const { output } = await runtime.executeCommand(runtime.defaultSessionId, "history");
 * assert.equal(output, "user: hi\nagent: Hello.");
 * ```
 */
export const systemCommands: Capability = defineCapability({
  id: "system_commands",
  name: "System commands",
  description: "Commands about the session: status, history, files and export.",
  category: "session",
  riskLevel: "low",
  commands: [
    command("status", "Tells about this session", undefined, status),
    command("history", "Shows the newest messages", "[count]", history),
    command("files", "Lists files of the session", "[path]", listFiles),
    command("export", "Gives the conversation as Markdown", undefined, exportMarkdown),
  ],
  permissions: {},
});

function command(
  name: string,
  description: string,
  usage: string | undefined,
  execute: Command["execute"],
): Command {
  return { name, description, execute, ...(usage === undefined ? {} : { usage }) };
}

async function status(_: string, { session, model, locale, messages }: CommandContext): Promise<CommandResult> {
  const conversation = await messages();
  const characters = conversation.reduce(
    (sum, { content }) => sum + content.reduce((n, part) => n + sizeOf(part), 0),
    0,
  );
  const data = {
    session_id: session.id,
    title: session.title ?? null,
    goal: session.goal ?? null,
    model: model ?? null,
    locale: locale ?? null,
    messages: conversation.length,
    // Four characters a token is what most tokenizers come to in English.
    estimated_tokens: Math.ceil(characters / 4),
  };
  const lines = Object.entries(data).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}`);
  return { output: lines.join("\n"), data };
}

async function history(args: string, { messages }: CommandContext): Promise<CommandResult> {
  const asked = args.trim();
  if (asked !== "" && !/^\d{1,6}$/.test(asked)) {
    return { output: `/history takes a number, not "${asked.slice(0, 40)}"` };
  }
  const count = asked === "" ? DEFAULT_HISTORY : Math.min(MAX_HISTORY, Number(asked));
  const newest = count === 0 ? [] : (await messages()).slice(-count);
  const output = newest.map((message) => `${message.role}: ${cut(wordsOf(message))}`).join("\n");
  return { output: output === "" ? "No messages." : output };
}

async function listFiles(args: string, { files }: CommandContext): Promise<CommandResult> {
  const path = args.trim() === "" ? "/" : args.trim();
  try {
    const entries = await files.listDirectory(path);
    const lines = entries.slice(0, MAX_FILES).map(({ name, isDirectory, sizeBytes }) =>
      isDirectory ? `${name}/` : `${name} (${sizeBytes} bytes)`
    );
    if (entries.length > MAX_FILES) lines.push(`and ${entries.length - MAX_FILES} more`);
    return { output: lines.length === 0 ? "No files." : lines.join("\n") };
  } catch (error) {
    if (error instanceof FileStoreError) return { output: error.message };
    throw error;
  }
}

async function exportMarkdown(_: string, { session, messages }: CommandContext): Promise<CommandResult> {
  const parts: string[] = [];
  let room = MAX_EXPORT;
  for (const message of [...await messages()].reverse()) {
    const time = new Date(message.createdAt).toISOString();
    const part = `## ${message.role}, ${time}\n\n${wordsOf(message)}\n`;
    room -= part.length;
    if (room < 0) {
      parts.push("[older messages are left out]\n");
      break;
    }
    parts.push(part);
  }
  return { output: [`# ${session.title ?? session.id}\n`, ...parts.reverse()].join("\n") };
}

/** A message in words: its text, and what else it has in brackets. */
function wordsOf({ content }: Message): string {
  return content.map((part) => {
    switch (part.type) {
      case "text":
        return part.text;
      case "tool_call":
        return `[calls ${part.name} ${JSON.stringify(part.arguments)}]`;
      case "tool_result":
        return part.error === undefined ? `[result ${JSON.stringify(part.result ?? null)}]` : `[error ${part.error}]`;
      default:
        return `[${part.type}]`;
    }
  }).join(" ");
}

function sizeOf(part: ContentPart): number {
  return part.type === "text" ? textOf([part]).length : part.type === "image" ? 0 : JSON.stringify(part).length;
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}
