/**
 * The import graph of the package, as `deno info --json` sees it.
 *
 * @module
 */

import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { checkoutRoot } from "./checkout.ts";
import { spawnDenoOk } from "./spawn_deno.ts";

/** How one module refers to another: loaded with it, only for types, or by `import()`. */
export type ArrowKind = "static" | "type" | "dynamic";

/** One import. */
export interface Arrow {
  /** The importing file, relative to the root of the checkout. */
  readonly from: string;
  /** The imported file, relative likewise, or a specifier such as `npm:zod` or `node:path`. */
  readonly to: string;
  readonly kind: ArrowKind;
}

/** The graph below some root files. */
export interface ModuleGraph {
  readonly arrows: readonly Arrow[];
  /** Package name to the names of the packages it brings along. */
  readonly npmPackages: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads the graph below the given files of the checkout, type-only and dynamic imports included.
 *
 * @throws {Error} when a module is missing or does not parse.
 */
export async function readModuleGraph(roots: readonly string[]): Promise<ModuleGraph> {
  // `deno info` takes one file; a data: URL that imports all of them makes it one call.
  const source = roots.map((file) => `import ${JSON.stringify(pathToFileURL(join(checkoutRoot, file)).href)};`);
  const url = `data:application/typescript,${encodeURIComponent(source.join(""))}`;
  const { stdout } = await spawnDenoOk(["info", "--json", url], { cwd: checkoutRoot });
  return toModuleGraph(JSON.parse(stdout));
}

/** What a set of files can reach, following only the given kinds of arrow. */
export function reachable(
  graph: ModuleGraph,
  roots: readonly string[],
  kinds: readonly ArrowKind[],
): Set<string> {
  const next = new Map<string, string[]>();
  for (const arrow of graph.arrows) {
    if (!kinds.includes(arrow.kind)) continue;
    const targets = next.get(arrow.from);
    if (targets === undefined) next.set(arrow.from, [arrow.to]);
    else targets.push(arrow.to);
  }
  const seen = new Set(roots);
  for (const file of seen) for (const target of next.get(file) ?? []) seen.add(target);
  return seen;
}

/** The npm packages among some modules, with the packages those bring along, sorted. */
export function npmPackagesOf(graph: ModuleGraph, modules: Iterable<string>): string[] {
  const names = new Set<string>();
  for (const module of modules) {
    if (module.startsWith("npm:")) names.add(module.slice("npm:".length));
  }
  for (const name of names) for (const other of graph.npmPackages.get(name) ?? []) names.add(other);
  return [...names].sort();
}

interface InfoDependency {
  readonly code?: { readonly specifier?: string; readonly error?: string };
  readonly type?: { readonly specifier?: string; readonly error?: string };
  readonly isDynamic?: boolean;
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly InfoDependency[];
  }[];
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly dependencies: readonly string[] }>
  >;
}

function toModuleGraph(info: Info): ModuleGraph {
  const arrows: Arrow[] = [];
  for (const module of info.modules) {
    if (module.error !== undefined) throw new Error(module.error);
    if (!module.specifier.startsWith("file:")) continue;
    for (const dependency of module.dependencies ?? []) {
      const target = dependency.code ?? dependency.type;
      if (target?.specifier === undefined) {
        throw new Error(`${module.specifier}: ${target?.error ?? "an import does not resolve"}`);
      }
      arrows.push({
        from: toModuleName(module.specifier),
        to: toModuleName(target.specifier),
        kind: dependency.isDynamic ? "dynamic" : dependency.code ? "static" : "type",
      });
    }
  }
  const npmPackages = new Map<string, readonly string[]>();
  for (const npm of Object.values(info.npmPackages ?? {})) {
    npmPackages.set(npm.name, npm.dependencies.map(withoutVersion));
  }
  return { arrows, npmPackages };
}

function toModuleName(specifier: string): string {
  if (specifier.startsWith("file:")) return relative(checkoutRoot, fileURLToPath(specifier));
  if (specifier.startsWith("npm:")) {
    return `npm:${withoutVersion(specifier.slice("npm:".length).replace(/^\//, ""))}`;
  }
  return specifier;
}

/** `@scope/name@1.2.3_peer@4/sub` -> `@scope/name`. */
function withoutVersion(id: string): string {
  return /^(@[^/]+\/)?[^@/]+/.exec(id)?.[0] ?? id;
}
