/**
 * Where the checkout is, which files it holds, and a folder outside it to work in.
 *
 * @module
 */

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the root of the checkout, without a trailing slash. */
export const checkoutRoot: string = join(fileURLToPath(import.meta.url), "..", "..", "..");

/** Every file under a folder of the checkout, relative to its root and sorted; none if absent. */
export function filesUnder(folder: string): string[] {
  const found: string[] = [];
  walk(join(checkoutRoot, folder), found);
  return found.map((file) => relative(checkoutRoot, file)).sort();
}

/** The TypeScript files that are published: `mod.ts`, `src/` and `local/`. */
export function libraryFiles(): string[] {
  const files = [...filesUnder("src"), ...filesUnder("local")];
  return ["mod.ts", ...files.filter((file) => file.endsWith(".ts"))];
}

/** Reads a file of the checkout as text. */
export function readCheckoutFile(file: string): string {
  return Deno.readTextFileSync(join(checkoutRoot, file));
}

/** A temporary folder that is removed when it goes out of scope. */
export interface TempFolder extends Disposable {
  /** Absolute path. */
  readonly path: string;
}

/**
 * Makes a folder under `/tmp`, outside the checkout so that no deno.json is found above it.
 *
 * The place is fixed rather than `TMPDIR` so that tasks can grant exactly it.
 */
export function tempFolder(): TempFolder {
  const path = Deno.makeTempDirSync({ dir: "/tmp", prefix: "everruns-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

function walk(folder: string, found: string[]): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) walk(path, found);
    else found.push(path);
  }
}
