/**
 * The entry points of the package, read from `exports` in deno.json.
 *
 * Run as a program it prints their files on one line, for tasks that must name them all. It needs
 * no permission: deno.json is a static import.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

/** One entry of `exports`: the subpath a user imports and the file behind it. */
export interface EntryPoint {
  /** `"."`, `"./testing"`, ... */
  readonly subpath: string;
  /** The file, relative to the root of the checkout, without `./`. */
  readonly file: string;
}

/** Every entry point, in the order of deno.json. */
export const entryPoints: readonly EntryPoint[] = Object.entries(config.exports).map(
  ([subpath, file]) => ({ subpath, file: file.replace(/^\.\//, "") }),
);

/**
 * The npm packages "." may bring along: small, pure, without permission or environment, and
 * imported only when first needed.
 */
export const npmPackagesOfMain: readonly string[] = ["@cfworker/json-schema", "argparse", "js-yaml", "re2js"];

if (import.meta.main) console.log(entryPoints.map((entry) => entry.file).join(" "));
