/** The spellings of one file in a workspace on disk. */

import { FileStoreError } from "../../src/errors.ts";
import { canonicalPath } from "../../src/kit/paths.ts";

/**
 * Brings every spelling of a path to its canonical form.
 *
 * To those of every file store (`a/b`, `/a/b`, `/workspace/a/b`) it adds the display root and the path on the host,
 * since models see it in the output of programs. A canonical path must mean itself, so a file whose canonical path
 * would begin with one of these roots has no name here. That is also why a root of one name, such as `/app`, is no
 * spelling (programs there have folders of the same name), nor one that begins like the display root.
 */
export class WorkspacePaths {
  readonly #aliases: readonly string[];

  /**
   * Knows the names of the root.
   *
   * @param hostRoots absolute paths of the root on the host
   * @throws {TypeError} when the display root is no canonical path
   */
  constructor(hostRoots: readonly string[], displayRoot: string) {
    if (!isDisplayRoot(displayRoot)) {
      throw new TypeError(
        `Cannot use "${displayRoot}" as the display root: expected an absolute path such as "/workspace"`,
      );
    }
    const isShown = (root: string): boolean =>
      `${root}/`.startsWith(`${displayRoot}/`) || root.startsWith("/workspace/");
    const aliases = new Set(hostRoots.filter((root) => root.split("/").length > 2 && !isShown(root)));
    if (displayRoot !== "/" && displayRoot !== "/workspace") aliases.add(displayRoot);
    this.#aliases = [...aliases].sort((a, b) => b.length - a.length);
  }

  /**
   * The canonical form of a path.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  canonical(input: string): string {
    const alias = typeof input === "string" ? this.#aliasOf(input) : undefined;
    // With the dot "/workspace" after an alias is a folder of that name, which is refused, and not the root again.
    const path = canonicalPath(alias === undefined ? input : `.${input.slice(alias.length)}`);
    if (this.#aliasOf(path) === undefined) return path;
    throw new FileStoreError(
      "path_invalid",
      "/",
      "Cannot use the path: its beginning is another name of the root itself; write the path from there, once",
    );
  }

  /** A pattern over paths without the name of the root it may begin with. */
  fromRoot(pattern: string): string {
    const alias = this.#aliasOf(pattern);
    return alias === undefined ? pattern : pattern.slice(alias.length) || "/";
  }

  /** Whether a path in canonical form means itself; what does not cannot be named, and is not shown. */
  isNameable(path: string): boolean {
    try {
      return this.canonical(path) === path;
    } catch {
      return false;
    }
  }

  #aliasOf(path: string): string | undefined {
    return this.#aliases.find((alias) => path === alias || path.startsWith(`${alias}/`));
  }
}

function isDisplayRoot(path: unknown): path is string {
  if (path === "/" || path === "/workspace") return true;
  if (typeof path !== "string" || !path.startsWith("/")) return false;
  try {
    return canonicalPath(path) === path;
  } catch {
    return false;
  }
}
