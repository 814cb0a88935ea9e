/** The manifest of a plugin, in either of two places. */

import type { JsonObject, JsonValue } from "../records/json.ts";
import { jsonProblem } from "../kit/json_problem.ts";
import { copyForeign } from "../kit/parse_arguments.ts";
import { PluginError } from "./plugin.ts";

/** The manifest of a plugin that is made for no host in particular; it wins. */
const PORTABLE = "/plugin.json";
/** The same in a hidden folder of one host, such as `/.claude-plugin/plugin.json`. */
const OF_A_HOST = /^\/\.[a-z0-9-]+-plugin\/plugin\.json$/;
/** Parts that plugins of some hosts have and that mean nothing here. */
const IGNORED_PARTS: readonly [part: string, isIt: RegExp, field: string][] = [
  ["hooks", /^\/hooks\//, "hooks"],
  ["language servers", /^\/\.lsp\.json$/, "lspServers"],
  ["monitors", /^\/monitors\//, "monitors"],
  ["themes", /^\/themes\//, "themes"],
  ["output styles", /^\/output-styles\//, "outputStyles"],
  ["settings", /^\/settings\.json$/, "settings"],
];
/** Fields that would choose a provider or bring a key. */
const PROVIDER_FIELD = /^(providers?|provider_?(id|type)|models?|api_?keys?|base_?url|credentials?|secrets?)$/i;

/** What a manifest says. */
export interface Manifest {
  /** Where it is. */
  readonly path: string;
  /** Its fields. */
  readonly fields: JsonObject;
}

/**
 * Finds and reads the manifest; unknown fields are left alone.
 *
 * @throws {PluginError} when there is none or it is not a JSON object
 */
export function readManifest(files: ReadonlyMap<string, string>, warnings: string[]): Manifest {
  const ofHosts = [...files.keys()].filter((path) => OF_A_HOST.test(path));
  const path = files.has(PORTABLE) ? PORTABLE : ofHosts[0];
  if (path === undefined) {
    throw new PluginError("it has no manifest; write plugin.json with at least a name");
  }
  if (path !== PORTABLE && ofHosts.length > 1) {
    warnings.push(`Of several manifests ${path} is used: ${ofHosts.join(", ")}`);
  }
  const value = parseJson(files.get(path) ?? "", path);
  for (const field of Object.keys(value)) {
    if (PROVIDER_FIELD.test(field)) {
      warnings.push(`\`${field}\` of ${path} is ignored: plugins choose no model or provider and bring no keys`);
    }
  }
  for (const [part, isIt, field] of IGNORED_PARTS) {
    if (value[field] !== undefined || [...files.keys()].some((file) => isIt.test(file))) {
      warnings.push(`The plugin's ${part} are ignored: they are not supported`);
    }
  }
  return { path, fields: value };
}

/**
 * Reads a file of a plugin that must hold one JSON object.
 *
 * @throws {PluginError} when it does not
 */
export function parseJson(text: string, path: string): JsonObject {
  let value: JsonValue;
  try {
    value = copyForeign(JSON.parse(text));
  } catch (error) {
    throw new PluginError(`${path} is not JSON: ${jsonProblem(error)}`);
  }
  if (isObject(value)) return value;
  throw new PluginError(`${path} is not a JSON object`);
}

/** Whether a value is a JSON object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field that is text; undefined for anything else. */
export function textOf(fields: JsonObject, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
