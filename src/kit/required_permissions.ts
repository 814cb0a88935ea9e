/** Deno permissions of many things, united. */

import type { PermissionNeeds } from "../records/permissions.ts";

/** One thing and what it says it needs; undefined needs are unknown. */
export interface DeclaredNeeds {
  /** What it is, such as `tool "fetch"`. */
  readonly name: string;
  /** What it needs. */
  readonly needs: PermissionNeeds | undefined;
}

/** The Deno permissions of everything a runtime uses. */
export interface RequiredPermissions {
  /** Values of `--allow-read`; true means unscoped. */
  readonly read: readonly string[] | true;
  /** Values of `--allow-write`. */
  readonly write: readonly string[] | true;
  /** Values of `--allow-net`. */
  readonly net: readonly string[] | true;
  /** Values of `--allow-run`. */
  readonly run: readonly string[] | true;
  /** Values of `--allow-env`. */
  readonly env: readonly string[] | true;
  /** Things that do not say what they need. */
  readonly unknown: readonly string[];
  /** The flags for `deno run`, without paths inside others of the same flag; `--no-prompt` comes first. */
  toFlags(): readonly string[];
}

const KINDS = ["read", "write", "net", "run", "env"] as const;

/** Unites what everything declares. */
export function unitePermissions(declared: readonly DeclaredNeeds[]): RequiredPermissions {
  const united = { read: unite(declared, "read"), write: unite(declared, "write"), net: unite(declared, "net") };
  const more = { run: unite(declared, "run"), env: unite(declared, "env") };
  const all = { ...united, ...more };
  const unknown = [...new Set(declared.filter(({ needs }) => needs === undefined).map(({ name }) => name))].sort();
  return Object.freeze({
    ...all,
    unknown,
    toFlags(): readonly string[] {
      const flags = ["--no-prompt"];
      for (const kind of KINDS) {
        const values = all[kind];
        if (values === true) flags.push(`--allow-${kind}`);
        else if (values.length > 0) flags.push(`--allow-${kind}=${valuesOf(kind, values).join(",")}`);
      }
      return flags;
    },
  });
}

/**
 * What to write into a flag so that a path may be used: the path, or its nearest parent without a comma.
 *
 * A comma separates the paths of a flag and nothing escapes it (Deno 2.9.6): the path itself would grant two others.
 */
export function grantablePath(path: string): string {
  const comma = path.indexOf(",");
  if (comma < 0) return path;
  const end = Math.max(path.lastIndexOf("/", comma), path.lastIndexOf("\\", comma));
  // A root keeps its separator: "/" and "C:\\".
  return /^([A-Za-z]:)?$/.test(path.slice(0, end)) ? path.slice(0, end + 1) : path.slice(0, end);
}

function valuesOf(kind: (typeof KINDS)[number], values: readonly string[]): readonly string[] {
  if (kind !== "read" && kind !== "write") return values;
  const paths = [...new Set(values.map(grantablePath))];
  return paths.filter((path) => !paths.some((folder) => folder !== path && isBelow(path, folder)));
}

/** Whether a path is inside a folder as both are written; one that climbs may lead anywhere. */
function isBelow(path: string, folder: string): boolean {
  const parent = folder.replace(/[/\\]+$/, "");
  if (!path.startsWith(parent) || /(^|[/\\])\.\.([/\\]|$)/.test(path)) return false;
  return /^[/\\]+[^/\\]/.test(path.slice(parent.length));
}

function unite(declared: readonly DeclaredNeeds[], kind: (typeof KINDS)[number]): readonly string[] | true {
  const values = new Set<string>();
  for (const { needs } of declared) {
    const own = needs?.[kind];
    if (own === true) return true;
    for (const value of own ?? []) values.add(value);
  }
  return [...values].sort();
}
