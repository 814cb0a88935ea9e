/** Plays one case: processes that die one after the other over the same folder, and one that lives and tells. */

import { join } from "node:path";
import { checkoutRoot } from "../_support/checkout.ts";
import { spawnDeno } from "../_support/spawn_deno.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { check } from "./check.ts";
import { type Control, type Job, type Line, linesOf, readLines } from "./protocol.ts";
import { spawnKilled } from "./spawn_killed.ts";

/** One story of deaths. */
export interface Case {
  /** The scenario. */
  readonly scenario: string;
  /** Where each process dies: `phase/point:pass`, or `after:milliseconds` since it began. */
  readonly faults: readonly string[];
  /** A broken write path. @default it is as it is */
  readonly control?: Control;
}

/** One process of a case. */
export interface Life {
  /** Where it was to die; undefined for the one that lives. */
  readonly fault: string | undefined;
  /** Whether it died of that. */
  readonly killed: boolean;
  /** What it said. */
  readonly lines: readonly Line[];
}

/** What became of a case. */
export interface Outcome {
  /** The case. */
  readonly played: Case;
  /** How many processes died as they were to. */
  readonly kills: number;
  /** Everything that must not be. */
  readonly violations: readonly string[];
  /** The points the last process passed. */
  readonly passes: Readonly<Record<string, number>>;
}

/** Longest life of a process: what takes longer is stuck. */
const TIMEOUT_MS = 30_000;
/** How a process ends that SIGKILL hit. */
const KILLED = 128 + 9;

/** Plays a case in a folder of its own under `.tmp` and checks every promise. */
export async function playCase(played: Case): Promise<Outcome> {
  using folder = tempFolder();
  const lives: Life[] = [];
  const violations: string[] = [];
  for (const fault of [...played.faults, undefined]) lives.push(await live(played, folder.path, fault, violations));
  if (violations.length === 0) violations.push(...check(played, lives, folder.path));
  const passes = linesOf(lives.at(-1)?.lines ?? [], "passes")[0]?.counts ?? {};
  return { played, kills: lives.filter(({ killed }) => killed).length, violations, passes };
}

/** How often a scenario passes each point when nothing happens to it. */
export async function countPasses(scenario: string): Promise<Readonly<Record<string, number>>> {
  using folder = tempFolder();
  const { code, stdout, stderr } = await spawn({ folder: folder.path, scenario, settle: false });
  const [passes] = linesOf(readLines(stdout), "passes");
  if (code !== 0 || passes === undefined) throw new Error(`"${scenario}" does not work by itself: ${stderr}`);
  return passes.counts;
}

/** How a case is written on the command line. */
export function nameOf({ scenario, faults, control }: Case): string {
  const parts = [`--scenario=${scenario}`, `--faults=${faults.join(",")}`];
  return (control === undefined ? parts : [...parts, `--control=${control}`]).join(" ");
}

async function live(
  { scenario, control }: Case,
  folder: string,
  fault: string | undefined,
  violations: string[],
): Promise<Life> {
  const job: Job = {
    folder,
    scenario,
    settle: fault === undefined,
    ...(fault === undefined || fault.startsWith("after:") ? {} : { fault }),
    ...(control === undefined ? {} : { control }),
  };
  const milliseconds = fault?.startsWith("after:") ? Number(fault.slice("after:".length)) : undefined;
  const { code, stdout, stderr } = milliseconds === undefined
    ? await spawn(job)
    : await spawnKilled(argumentsOf(job), { cwd: checkoutRoot, milliseconds });
  const killed = code === KILLED;
  if (!killed && code !== 0) violations.push(`I5: a process ended with ${code} (${fault ?? "alive"}): ${stderr}`);
  if (killed && fault === undefined) violations.push("I5: a process was killed that was to live");
  return { fault, killed, lines: readLines(stdout) };
}

function spawn(job: Job): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return spawnDeno(argumentsOf(job), { cwd: checkoutRoot, timeoutMs: TIMEOUT_MS });
}

function argumentsOf(job: Job): readonly string[] {
  const grants = [`--allow-read=${job.folder}`, `--allow-write=${job.folder}`];
  const child = join(checkoutRoot, "tests", "crash", "child.ts");
  return ["run", "--cached-only", "--no-check", "--no-prompt", ...grants, child, JSON.stringify(job)];
}
