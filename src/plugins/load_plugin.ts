/** From the files of a plugin's folder to a compiled plugin. */

import { messageOf } from "../errors.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import { canonicalPath } from "../kit/paths.ts";
import { definePlugin } from "./define_plugin.ts";
import { isObject, type Manifest, parseJson, readManifest, textOf } from "./manifest.ts";
import { type PartSource, readAgents, readCommands, readSkills } from "./markdown_parts.ts";
import { keepServers } from "./mcp_servers.ts";
import type { Plugin } from "./plugin.ts";
import { checkFiles, type PluginFiles } from "./plugin_files.ts";

/** Options of {@linkcode loadPlugin}. */
export interface LoadPluginOptions {
  /**
   * Paths of files that are not given because they are no text or too long; each becomes a warning.
   *
   * @default none
   */
  readonly skipped?: readonly string[];
}

/** Files that may name servers beside the manifest, by precedence. */
const SERVER_FILES = ["/.mcp.json", "/mcp.json"];

/**
 * Compiles the files of a plugin's folder to the capability `plugin:<name>`.
 *
 * The manifest is `plugin.json`, or else one in a hidden folder of a host such as `.claude-plugin/plugin.json`.
 * `skills/<name>/SKILL.md` and what is beside it become skills, `commands/*.md` skills that users start, `agents/*.md`
 * sections of the system prompt, and `mcpServers`, `.mcp.json` or `mcp.json` MCP servers, HTTP only. Anything else is
 * left out with a warning, and fields nobody knows are tolerated. Nothing of a plugin is run, and it needs no
 * permission: where the files come from is up to the host.
 *
 * @throws {PluginError} when there is no manifest, it cannot be read or gives no usable name, or there are more than
 * 1,024 files, 1 MiB in one or 16 MiB in all
 *
 * @example
 * ```ts
 * import { loadPlugin } from "@everruns/runtime/plugins";
 * import assert from "node:assert/strict";
 *
 * const plugin = await loadPlugin({
 *   "plugin.json": '{ "name": "docs", "mcpServers": { "pages": { "url": "https://docs.deno.com/mcp" } } }',
 *   "agents/librarian.md": "Quote the page you found.",
 *   "hooks/hooks.json": "{}",
 * });
 * assert.equal(plugin.capability.id, "plugin:docs");
 * assert.deepEqual(plugin.warnings, ["The plugin's hooks are ignored: they are not supported"]);
 * ```
 */
export async function loadPlugin(files: PluginFiles, options: LoadPluginOptions = {}): Promise<Plugin> {
  const warnings = (options.skipped ?? []).map((path) => `${path} was left out: it is no text, or too long`);
  const checked = checkFiles(files, warnings);
  const source: PartSource = { files: checked, warnings };
  const manifest = readManifest(checked, warnings);
  const { fields } = manifest;
  const skills = await readSkills(placesOf("skills", manifest, source), source);
  const commands = await readCommands(placesOf("commands", manifest, source), source);
  const agents = await readAgents(placesOf("agents", manifest, source), source);
  const mcpServers = keepServers(serversOf(manifest, source), warnings);

  const displayName = textOf(fields, "displayName") ?? textOf(fields, "display_name");
  const description = textOf(fields, "description");
  const version = textOf(fields, "version");
  const plugin = definePlugin({
    name: textOf(fields, "name") ?? "",
    ...(displayName === undefined ? {} : { displayName }),
    ...(description === undefined ? {} : { description }),
    ...(version === undefined ? {} : { version }),
    // A skill wins over a command of the same name.
    skills: [...skills, ...commands],
    agents,
    mcpServers,
  });
  return Object.freeze({ ...plugin, warnings: Object.freeze([...warnings, ...plugin.warnings]) });
}

/** Where a kind of part is: its own folder, and what the manifest names besides. */
function placesOf(kind: string, { path, fields }: Manifest, { warnings }: PartSource): string[] {
  const places = [`/${kind}`];
  const named = fields[kind];
  for (const place of Array.isArray(named) ? named : named === undefined ? [] : [named]) {
    const found = pathOf(place);
    if (found === undefined) warnings.push(`\`${kind}\` of ${path} has an entry that is no path within the plugin`);
    else if (!places.includes(found)) places.push(found);
  }
  return places;
}

function pathOf(place: JsonValue): string | undefined {
  if (typeof place !== "string") return undefined;
  try {
    const path = canonicalPath(place);
    return path === "/" ? undefined : path;
  } catch {
    return undefined;
  }
}

/** The servers of the manifest, of a file it names, or of a file that is there for them. */
function serversOf({ path, fields }: Manifest, { files, warnings }: PartSource): JsonObject {
  const { mcpServers } = fields;
  if (isObject(mcpServers)) return mcpServers;
  const named = mcpServers === undefined ? undefined : pathOf(mcpServers);
  if (mcpServers !== undefined && (named === undefined || !files.has(named))) {
    warnings.push(`\`mcpServers\` of ${path} names no servers and no file of the plugin`);
  }
  const file = named ?? SERVER_FILES.find((each) => files.has(each));
  if (file === undefined) return {};
  const text = files.get(file);
  if (text === undefined) return {};
  try {
    const value = parseJson(text, file);
    const inner = value["mcpServers"];
    return isObject(inner) ? inner : value;
  } catch (error) {
    warnings.push(messageOf(error).replace(/^Cannot load the plugin: /, ""));
    return {};
  }
}
