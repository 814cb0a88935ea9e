/**
 * Running `child.ts` with given grants, and what Deno checked on its behalf.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnDenoOk } from "../_support/spawn_deno.ts";

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
const CHECKOUT = join(CHILD, "..", "..", "..");

/** Folders of one run; none is there before it. */
export interface Folders {
  /** Where the child keeps its data. */
  readonly dataDir: string;
  /** Where its sessions work. */
  readonly workspaceRoot: string;
  /** Where Deno writes down what was checked. */
  readonly audit: string;
}

/** One permission that was checked. */
export interface Check {
  readonly permission: string;
  readonly value: string;
}

/** What a run left behind. */
export interface Run {
  /** What the child printed, as JSON. */
  readonly output: unknown;
  /** What was checked, whether it was granted or not. */
  readonly checks: readonly Check[];
}

/** Names the folders of a run inside a temporary folder. */
export function foldersIn(path: string): Folders {
  return { dataDir: join(path, "data"), workspaceRoot: join(path, "work"), audit: join(path, "audit.jsonl") };
}

/** Runs a command of the child to its end. */
export async function runChild(command: string, folders: Folders, flags: readonly string[]): Promise<Run> {
  const how = ["run", "--cached-only", "--no-check", "--config", join(CHECKOUT, "deno.json"), ...flags];
  const { stdout } = await spawnDenoOk([...how, CHILD, command, folders.dataDir, folders.workspaceRoot], {
    cwd: CHECKOUT,
    env: { DENO_AUDIT_PERMISSIONS: folders.audit },
  });
  return { output: JSON.parse(stdout), checks: checksOf(folders.audit) };
}

function checksOf(path: string): Check[] {
  return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
