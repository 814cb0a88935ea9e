/** Skills, commands and agents of a plugin: Markdown files with a head. */

import type { JsonObject } from "../records/json.ts";
import { parseFrontMatter } from "../kit/front_matter.ts";
import { nameOf } from "../kit/paths.ts";
import { textOf } from "./manifest.ts";
import type { PluginAgent, PluginSkill } from "./plugin.ts";

/** Files by path, and where to say what is left out. */
export interface PartSource {
  /** All files of the plugin. */
  readonly files: ReadonlyMap<string, string>;
  /** Gets words for the host. */
  readonly warnings: string[];
}

/** A variable of some hosts for the plugin's folder. */
const PLUGIN_ROOT = /\$\{?[A-Z_]*PLUGIN_ROOT\}?/;

/** The skills of folders: each subfolder with a `SKILL.md`, with what else is in it. */
export async function readSkills(folders: readonly string[], source: PartSource): Promise<PluginSkill[]> {
  const skills: PluginSkill[] = [];
  for (const path of source.files.keys()) {
    if (nameOf(path) !== "SKILL.md") continue;
    const own = path.slice(0, -"/SKILL.md".length);
    const name = nameOf(own);
    if (!folders.some((folder) => own === `${folder}/${name}`)) continue;
    const text = await read(path, source);
    if (text === undefined) continue;
    const named = textOf(text.head, "name");
    if (named !== undefined && named !== name) {
      source.warnings.push(
        `Skill "${name}" was left out: ${path} names it "${named.slice(0, 80)}"; both must be equal`,
      );
      continue;
    }
    const files: Record<string, string> = {};
    for (const [file, content] of source.files) {
      if (file.startsWith(`${own}/`) && file !== path) files[file.slice(own.length + 1)] = content;
    }
    skills.push({
      ...flags(text.head),
      name,
      description: textOf(text.head, "description") ?? "",
      instructions: text.body,
      files,
    });
  }
  return skills;
}

/** The commands of folders or files, as skills that users start: `git/commit.md` becomes `git-commit`. */
export async function readCommands(places: readonly string[], source: PartSource): Promise<PluginSkill[]> {
  const commands: PluginSkill[] = [];
  for (const [path, place] of markdownIn(places, source)) {
    const text = await read(path, source);
    if (text === undefined) continue;
    const name = path.slice(place.length + 1, -".md".length).replaceAll("/", "-").replaceAll("_", "-").toLowerCase();
    commands.push({
      ...flags(text.head),
      name,
      description: textOf(text.head, "description") ?? firstLineOf(text.body) ?? `The command ${name}`,
      instructions: text.body,
      userInvocable: true,
    });
  }
  return commands;
}

/** The agents of folders or files, as roles. */
export async function readAgents(places: readonly string[], source: PartSource): Promise<PluginAgent[]> {
  const agents: PluginAgent[] = [];
  for (const [path, place] of markdownIn(places, source)) {
    const text = await read(path, source);
    if (text === undefined) continue;
    const description = textOf(text.head, "description");
    const ignored = ["model", "tools", "mcpServers", "permissionMode"].filter((key) => text.head[key] !== undefined);
    if (ignored.length > 0) source.warnings.push(`${path}: ${ignored.map((key) => `\`${key}\``).join(", ")} ignored`);
    agents.push({
      name: textOf(text.head, "name") ?? path.slice(place.length + 1, -".md".length),
      ...(description === undefined ? {} : { description }),
      instructions: text.body,
    });
  }
  return agents;
}

/** The Markdown files of places, each with the folder its name counts from. */
function markdownIn(places: readonly string[], { files }: PartSource): [path: string, place: string][] {
  const found = new Map<string, string>();
  for (const path of files.keys()) {
    if (!path.endsWith(".md") || nameOf(path) === "README.md") continue;
    for (const place of places) {
      if (path === place) found.set(path, path.slice(0, path.lastIndexOf("/")));
      else if (path.startsWith(`${place}/`)) found.set(path, place);
    }
  }
  return [...found];
}

async function read(
  path: string,
  { files, warnings }: PartSource,
): Promise<{ readonly head: JsonObject; readonly body: string } | undefined> {
  const text = files.get(path) ?? "";
  const read = await parseFrontMatter(text);
  if (!read.ok) {
    warnings.push(`${path} was left out: ${read.message}`);
    return undefined;
  }
  const variable = PLUGIN_ROOT.exec(text)?.[0];
  if (variable !== undefined) warnings.push(`${path} uses ${variable}, which means nothing here`);
  return { head: read.attributes, body: read.body };
}

/** Both spellings are in use. */
function flags(head: JsonObject): Pick<PluginSkill, "userInvocable" | "disableModelInvocation" | "argumentHint"> {
  const hint = textOf(head, "argument-hint") ?? textOf(head, "argument_hint");
  const userInvocable = head["user-invocable"] ?? head["user_invocable"];
  return {
    ...(typeof userInvocable === "boolean" ? { userInvocable } : {}),
    ...((head["disable-model-invocation"] ?? head["disable_model_invocation"]) === true
      ? { disableModelInvocation: true }
      : {}),
    ...(hint === undefined ? {} : { argumentHint: hint }),
  };
}

function firstLineOf(body: string): string | undefined {
  const line = body.split("\n").map((each) => each.replace(/^#+\s*/, "").trim()).find((each) => each !== "");
  return line?.slice(0, 200);
}
