/** Compiling a plugin to one capability. */

import type { InitialFile } from "../records/initial_file.ts";
import type { McpServers } from "../records/mcp.ts";
import type { Capability } from "../ports/capability.ts";
import { messageOf } from "../errors.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { canonicalPath } from "../kit/paths.ts";
import { keepServers } from "./mcp_servers.ts";
import { type Plugin, type PluginAgent, type PluginDefinition, PluginError, type PluginSkill } from "./plugin.ts";

/** Where skills of a session are looked for. */
const SKILLS_FOLDER = "/.agents/skills";
/** The capability that shows skills to the model. */
const SKILLS_CAPABILITY = "skills";
const PLUGIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SKILL_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const MAX_SKILL_NAME = 64;
/** Most characters of a description: the capability `skills` uses no skill with more. */
const MAX_DESCRIPTION = 1_024;
/** Most files of a skill beside its `SKILL.md`. */
const MAX_SKILL_FILES = 64;
/** Most characters of one file. */
const MAX_FILE = 1024 * 1024;
/** Most characters of all roles together: they are part of every request. */
const MAX_PROMPT = 32_768;

/**
 * Compiles a plugin to the capability `plugin:<name>`, which is nothing but data.
 *
 * Skills become read-only files below `/.agents/skills` of every session created with the plugin, for the capability
 * `skills` to show; roles become sections of the system prompt; servers are offered as MCP servers, of which explicit
 * ones of the same name win. A plugin brings no code, no credentials and no choice of a model or provider. A part that
 * cannot be used is left out with a warning.
 *
 * @throws {PluginError} when the name cannot be used
 *
 * @example
 * ```ts
 * import { definePlugin } from "@everruns/runtime/plugins";
 * import assert from "node:assert/strict";
 *
 * const { capability, warnings } = definePlugin({
 *   name: "docs",
 *   agents: [{ name: "librarian", instructions: "Quote the page you found." }],
 * });
 * assert.equal(capability.id, "plugin:docs");
 * assert.deepEqual(warnings, []);
 * ```
 */
export function definePlugin(definition: PluginDefinition): Plugin {
  if (typeof definition !== "object" || definition === null) throw new PluginError("no definition was given");
  const { name, displayName, description, version } = definition;
  if (typeof name !== "string" || !PLUGIN_NAME.test(name)) {
    throw new PluginError(
      `${JSON.stringify(name)?.slice(0, 80)} is no name; use 1 to 64 letters, digits, ".", "_" or "-"`,
    );
  }
  const warnings: string[] = [];
  const files = skillFiles(definition.skills ?? [], warnings);
  const prompt = rolesPrompt(definition.agents ?? [], warnings);
  const mcpServers: McpServers = keepServers(definition.mcpServers ?? {}, warnings);
  const hasServers = Object.keys(mcpServers).length > 0;
  const capability: Capability = defineCapability({
    id: `plugin:${name}`,
    name: displayName ?? name,
    ...(description === undefined ? {} : { description }),
    category: "plugin",
    riskLevel: hasServers ? "medium" : "low",
    ...(prompt === "" ? {} : { systemPrompt: prompt }),
    ...(files.length === 0 ? {} : { files, dependencies: [SKILLS_CAPABILITY] }),
    ...(hasServers ? { mcpServers } : {}),
    // Its servers count as configured ones: what they need is known from their addresses.
    permissions: {},
  });
  return Object.freeze({ name, version, capability, warnings: Object.freeze(warnings) });
}

function skillFiles(skills: readonly PluginSkill[], warnings: string[]): InitialFile[] {
  const files: InitialFile[] = [];
  const names = new Set<string>();
  for (const skill of skills) {
    const problem = names.has(skill.name) ? "the plugin has another of that name" : problemOf(skill);
    if (problem !== undefined) {
      warnings.push(`Skill "${String(skill.name).slice(0, 80)}" was left out: ${problem}`);
      continue;
    }
    names.add(skill.name);
    const folder = `${SKILLS_FOLDER}/${skill.name}`;
    files.push({ path: `${folder}/SKILL.md`, content: skillText(skill), isReadonly: true });
    for (const [path, content] of Object.entries(skill.files ?? {})) {
      files.push({ path: `${folder}${canonicalPath(path)}`, content, isReadonly: true });
    }
  }
  return files;
}

function problemOf(skill: PluginSkill): string | undefined {
  const { name, description, instructions, files = {} } = skill;
  if (typeof name !== "string" || name.length > MAX_SKILL_NAME || !SKILL_NAME.test(name)) {
    return `its name must be small letters, digits and single hyphens, at most ${MAX_SKILL_NAME}`;
  }
  if (typeof description !== "string" || description.trim() === "") return "it has no description";
  if (description.length > MAX_DESCRIPTION) return `its description has more than ${MAX_DESCRIPTION} characters`;
  if (typeof instructions !== "string" || instructions.length > MAX_FILE) return tooLong("its text");
  const further = Object.entries(files);
  if (further.length > MAX_SKILL_FILES) {
    return `it has ${further.length} further files and at most ${MAX_SKILL_FILES} are accepted`;
  }
  for (const [path, content] of further) {
    if (content.length > MAX_FILE) return tooLong(`its file "${path}"`);
    try {
      if (canonicalPath(path) === "/SKILL.md") return "it has SKILL.md among its further files";
    } catch (error) {
      return messageOf(error);
    }
  }
  return undefined;
}

function tooLong(what: string): string {
  return `${what} has more than ${MAX_FILE} characters`;
}

/** A `SKILL.md`; JSON texts are YAML as well. */
function skillText(skill: PluginSkill): string {
  const head = [`name: ${skill.name}`, `description: ${JSON.stringify(skill.description)}`];
  if (skill.userInvocable !== undefined) head.push(`user_invocable: ${skill.userInvocable === true}`);
  if (skill.disableModelInvocation === true) head.push("disable_model_invocation: true");
  if (skill.argumentHint !== undefined) head.push(`argument_hint: ${JSON.stringify(skill.argumentHint)}`);
  return `---\n${head.join("\n")}\n---\n\n${skill.instructions.trim()}\n`;
}

function rolesPrompt(agents: readonly PluginAgent[], warnings: string[]): string {
  let prompt = "";
  for (const { name, description, instructions } of agents) {
    const about = description === undefined || description.trim() === "" ? "" : `${description.trim()}\n\n`;
    const section = `## Agent: ${name.replace(/\s+/g, " ").slice(0, 80)}\n\n${about}${instructions.trim()}`;
    if (prompt.length + section.length > MAX_PROMPT) {
      warnings.push(`Agent "${name.slice(0, 80)}" was left out: all together have more than ${MAX_PROMPT} characters`);
      continue;
    }
    prompt += prompt === "" ? section : `\n\n${section}`;
  }
  return prompt;
}
