/** Paths of the host. */

import { isAbsolute, normalize, relative } from "node:path";

/**
 * An absolute path in its shortest form.
 *
 * @param what the path is, for the message of an error
 * @throws {TypeError} when it is not an absolute path
 */
export function absolutePath(what: string, path: unknown): string {
  if (typeof path !== "string" || path.includes("\0") || !isAbsolute(path)) {
    const shown = typeof path === "string" ? `"${path.slice(0, 200).replaceAll("\0", "\\0")}"` : String(path);
    throw new TypeError(
      `Cannot use ${shown} as the ${what}: expected an absolute path; "~" and environment variables are not expanded`,
    );
  }
  const clean = normalize(path);
  return clean.length > 1 && /[/\\]$/.test(clean) ? clean.slice(0, -1) : clean;
}

/** Whether a path is a folder or lies in it. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || !(way === ".." || way.startsWith("../") || way.startsWith("..\\") || isAbsolute(way));
}
