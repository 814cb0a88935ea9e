/** Where the program works and where it keeps what it knows. */

import { basename, join, resolve } from "node:path";
import type { Environment } from "./environment.ts";
import { UsageError } from "./options.ts";

/** The folders of one run; all absolute, and without links where those may be looked at. */
export interface Folders {
  /** The folder the agent works in. */
  readonly workspace: string;
  /** Everything the program keeps. */
  readonly dataDir: string;
  /**
   * What it keeps of this workspace.
   *
   * Each has a store of its own: schedules and wakes of one project must not run while another one is open.
   */
  readonly projectDir: string;
  /** The folders as they were named, where that is another spelling: Deno wants a grant for every link on the way. */
  readonly spellings: readonly string[];
}

/** Variables that say where data belongs, unless `--data-dir` does. */
export const DATA_VARIABLES: readonly string[] = ["XDG_DATA_HOME", "HOME"];

/**
 * The folders for a workspace; nothing is made.
 *
 * @throws {UsageError} when nothing says where data belongs
 */
export async function foldersFor(
  workspace: string,
  dataDir: string | undefined,
  env: Environment,
): Promise<Folders> {
  const named = [resolve(workspace), resolve(dataDir ?? defaultDataDir(env))] as const;
  const [root, data] = await Promise.all([realPath(named[0]), realPath(named[1])]);
  if (data === root) throw new UsageError(`--data-dir is the workspace itself; name another folder: ${data}`);
  // The start would wait longer for node:crypto than for all of the program's own files.
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(root));
  const key = new Uint8Array(digest).toHex().slice(0, 12);
  const name = basename(root).replace(/[^\w.-]+/g, "_") || "root";
  return {
    workspace: root,
    dataDir: data,
    projectDir: join(data, "projects", `${name}-${key}`),
    spellings: named.filter((path) => path !== root && path !== data),
  };
}

async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    // What is not there yet has no link in its name that matters; a missing grant is told by the check of all.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return path;
    throw error;
  }
}

/**
 * Fails unless the agent has a folder to work in; what may not be looked at is told by the check of all grants.
 *
 * @throws {UsageError} when there is none
 */
export async function assertFolder({ workspace }: Folders): Promise<void> {
  try {
    if ((await Deno.stat(workspace)).isDirectory) return;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new UsageError(`there is no folder ${workspace}`);
}

function defaultDataDir(env: Environment): string {
  const [data, home] = [env.get("XDG_DATA_HOME"), env.get("HOME")];
  if (data !== undefined) return join(data, "coding_cli");
  if (home !== undefined) return join(home, ".local", "share", "coding_cli");
  const refused = env.refused(DATA_VARIABLES);
  const hint = refused.length === 0 ? "" : ` (not granted: --allow-env=${refused.join(",")})`;
  throw new UsageError(`cannot tell where to keep data: HOME is not set${hint}; name a folder with --data-dir`);
}
