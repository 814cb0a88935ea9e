/**
 * The module as JSR would hold it: the files `publish.include` names, with the bare specifiers of
 * the import map rewritten to what they stand for.
 *
 * @module
 */

import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { checkoutRoot, filesUnder, readCheckoutFile } from "./checkout.ts";

/** A published version: path with a leading slash to the text of the file. */
export interface PackedModule {
  readonly scope: string;
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly files: ReadonlyMap<string, string>;
}

/** Packs the checkout. */
export function packModule(): PackedModule {
  const [scope = "", name = ""] = config.name.replace(/^@/, "").split("/");
  const files = new Map<string, string>();
  for (const file of config.publish.include.flatMap(expand)) {
    const text = readCheckoutFile(file);
    files.set(
      `/${file}`,
      file.endsWith(".ts") ? rewriteBareSpecifiers(text, config.imports) : text,
    );
  }
  return { scope, name, version: config.version, exports: config.exports, files };
}

/**
 * Replaces the mapped names in `from "x"`, `import "x"` and `import("x")`, and their subpaths.
 *
 * Comments are rewritten as well, which harms nobody.
 */
export function rewriteBareSpecifiers(
  code: string,
  imports: Readonly<Record<string, string>>,
): string {
  return code.replace(
    /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'./][^"']*)\2/g,
    (whole, before: string, quote: string, specifier: string) => {
      const parts = specifier.split("/");
      const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
      const target = imports[name];
      if (target === undefined) return whole;
      return `${before}${quote}${target}${specifier.slice(name.length)}${quote}`;
    },
  );
}

/** The files below an entry of `publish.include`; a file, or none where nothing is there yet. */
function expand(entry: string): string[] {
  if (entry.endsWith("/")) return filesUnder(entry);
  try {
    return Deno.statSync(join(checkoutRoot, entry)).isFile ? [entry] : [];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
