/** The files of a plugin as foreign text: counted, measured, under canonical paths. */

import { messageOf } from "../errors.ts";
import { canonicalPath } from "../kit/paths.ts";
import { PluginError } from "./plugin.ts";

/** The files of a plugin's folder: path within it to text. */
export type PluginFiles = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** Most files. */
const MAX_FILES = 1_024;
/** Most characters of one file. */
const MAX_FILE = 1024 * 1024;
/** Most characters of all. */
const MAX_ALL = 16 * 1024 * 1024;

/**
 * Checks the files and sorts them by their canonical paths, which begin with `/`.
 *
 * A file whose path cannot be one of a session's file is left out with a warning.
 *
 * @throws {PluginError} when there are too many or too large ones
 */
export function checkFiles(files: PluginFiles, warnings: string[]): ReadonlyMap<string, string> {
  if (typeof files !== "object" || files === null) throw new PluginError("its files are neither a map nor an object");
  const entries = files instanceof Map ? [...files] : Object.entries(files);
  if (entries.length > MAX_FILES) {
    throw new PluginError(`it has ${entries.length} files and at most ${MAX_FILES} are accepted`);
  }
  let all = 0;
  const checked: [path: string, text: string][] = [];
  for (const [path, text] of entries) {
    if (typeof text !== "string") throw new PluginError(`the file "${String(path).slice(0, 200)}" is not text`);
    all += text.length;
    if (text.length > MAX_FILE) throw new PluginError(`the file "${path}" has more than ${MAX_FILE} characters`);
    if (all > MAX_ALL) throw new PluginError(`its files have more than ${MAX_ALL} characters together`);
    try {
      checked.push([canonicalPath(path), text]);
    } catch (error) {
      warnings.push(`A file was left out: ${messageOf(error)}`);
    }
  }
  return new Map(checked.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}
