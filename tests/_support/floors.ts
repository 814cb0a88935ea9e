/**
 * Who may import whom: the rooms and floors of the architecture as a check over import arrows.
 *
 * @module
 */

import type { Arrow } from "./module_graph.ts";

const UP_TO_KIT = ["errors", "records", "ports", "kit"];
const BELOW_TURN = ["in_memory", "context", "capabilities", "drivers/llmsim"];
const UP_TO_TURN = [...UP_TO_KIT, ...BELOW_TURN, "turn"];

/** Room -> the other rooms it may import. A room may always import itself. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["errors", []],
  ["records", ["errors"]],
  ["ports", ["errors", "records"]],
  ["kit", ["errors", "records", "ports"]],
  ["in_memory", UP_TO_KIT],
  ["context", UP_TO_KIT],
  ["capabilities", UP_TO_KIT],
  ["mcp", UP_TO_KIT],
  // Subpaths that bring capabilities of their own: each needs a permission or a package that "." does without.
  ["sandbox", UP_TO_KIT],
  ["plugins", UP_TO_KIT],
  ["drivers/_shared", UP_TO_KIT],
  ["drivers/*", [...UP_TO_KIT, "drivers/_shared"]],
  ["turn", [...UP_TO_KIT, "context"]],
  ["runtime", UP_TO_TURN],
  ["mod.ts", [...UP_TO_TURN, "runtime"]],
  ["testing", [...UP_TO_KIT, "in_memory", "drivers/llmsim"]],
  ["local", UP_TO_KIT],
  // What joins local stores and a runtime: the bundle of backends and the builder over it.
  ["local/joint", [...UP_TO_KIT, "local", "runtime"]],
  // The entry point must export them; no other file of the room may reach them.
  ["local/mod", [...UP_TO_KIT, "local", "local/joint"]],
]);

/**
 * Everything that is wrong with some import arrows, one sentence each; empty when all is well.
 *
 * Type-only and dynamic imports count like any other, for floors and for circles.
 */
export function checkFloors(arrows: readonly Arrow[]): string[] {
  const problems: string[] = [];
  for (const arrow of arrows) {
    const problem = checkArrow(arrow);
    if (problem !== undefined) problems.push(problem);
  }
  return [...problems, ...circles(arrows)];
}

function checkArrow({ from, to, kind }: Arrow): string | undefined {
  const room = roomOf(from);
  if (room === undefined) return `${from} is in no room of the architecture`;
  if (to.startsWith("node:")) return undefined;
  if (to.startsWith("npm:")) {
    return /^src\/drivers\/[^/]+$/.test(from)
      ? `${from} imports ${to}: a driver with an npm dependency has its own folder`
      : undefined;
  }
  const target = roomOf(to);
  if (target === undefined) return `${from} imports ${to}, which is in no room of the architecture`;
  if (room === target) return undefined;
  const key = room.startsWith("drivers/") && !MAY_IMPORT.has(room) ? "drivers/*" : room;
  if (MAY_IMPORT.get(key)?.includes(target)) return undefined;
  return `${from} imports ${to} (${kind}): "${room}" may not import "${target}"`;
}

/** The room of a file; a driver is a room of its own, as are the exceptions in `local/`. */
function roomOf(file: string): string | undefined {
  if (file === "mod.ts") return file;
  if (file === "src/errors.ts") return "errors";
  if (file === "local/mod.ts") return "local/mod";
  if (file === "local/backends.ts" || file === "local/runtime_builder.ts") return "local/joint";
  if (file.startsWith("local/")) return "local";
  const driver = /^src\/drivers\/([^/]+?)(?:\.ts|\/.*)$/.exec(file)?.[1];
  if (driver !== undefined) {
    const isFile = file === `src/drivers/${driver}.ts`;
    if (isFile && /^(_|wire_)/.test(driver)) return "drivers/_shared";
    // llmsim may be several files beside each other: it is the one driver without a dependency.
    return isFile && driver.startsWith("llmsim_") ? "drivers/llmsim" : `drivers/${driver}`;
  }
  const room = /^src\/(?!local\/)([^/]+)\//.exec(file)?.[1];
  return room !== undefined && MAY_IMPORT.has(room) ? room : undefined;
}

/** One sentence per import that closes a circle, found by one depth-first walk. */
function circles(arrows: readonly Arrow[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of arrows) next.set(from, (next.get(from) ?? new Set()).add(to));

  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): void {
    const start = path.indexOf(file);
    if (start >= 0) {
      found.push(`circle: ${[...path.slice(start), file].join(" -> ")}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of next.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  }
  for (const file of next.keys()) visit(file);
  return found;
}
