/** Plays one case: processes that die one after the other over the same folder, and one that lives and tells. */

import type { Arena } from "./arena.ts";
import { check } from "./check.ts";
import { type Control, type Job, type Line, linesOf, readLines } from "./protocol.ts";

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

/** A death from outside. */
const LATER = "after:";
/** How a process ends that SIGKILL hit. */
const KILLED = 128 + 9;

/** Plays a case in a folder of its own and checks every promise. */
export async function playCase(played: Case, arena: Arena): Promise<Outcome> {
  using folder = arena.folder();
  const lives: Life[] = [];
  const violations: string[] = [];
  for (const fault of played.faults) {
    lives.push(await die(jobOf(played, folder.path, fault), fault, { arena, violations }));
  }
  const { lines, failure } = await arena.settle({ ...jobOf(played, folder.path), settle: true });
  lives.push({ fault: undefined, killed: false, lines });
  if (failure !== undefined) violations.push(`I5: the last process did not end: ${failure}`);
  if (violations.length === 0) violations.push(...check(played, lives, folder.path));
  const passes = linesOf(lines, "passes")[0]?.counts ?? {};
  return { played, kills: lives.filter(({ killed }) => killed).length, violations, passes };
}

/** How often a scenario passes each point when nothing happens to it. */
export async function countPasses(scenario: string, arena: Arena): Promise<Readonly<Record<string, number>>> {
  using folder = arena.folder();
  const { code, stdout, stderr } = await arena.kill({ folder: folder.path, scenario, settle: false });
  const [passes] = linesOf(readLines(stdout), "passes");
  if (code !== 0 || passes === undefined) throw new Error(`"${scenario}" does not work by itself: ${stderr}`);
  return passes.counts;
}

/** How a case is written on the command line. */
export function nameOf({ scenario, faults, control }: Case): string {
  const parts = [`--scenario=${scenario}`, `--faults=${faults.join(",")}`];
  return (control === undefined ? parts : [...parts, `--control=${control}`]).join(" ");
}

function jobOf({ scenario, control }: Case, folder: string, fault?: string): Job {
  return {
    folder,
    scenario,
    settle: false,
    ...(fault === undefined || fault.startsWith(LATER) ? {} : { fault }),
    ...(control === undefined ? {} : { control }),
  };
}

/** One process that dies, unless it ends before it gets there. */
async function die(
  job: Job,
  fault: string,
  { arena, violations }: { readonly arena: Arena; readonly violations: string[] },
): Promise<Life> {
  const milliseconds = fault.startsWith(LATER) ? Number(fault.slice(LATER.length)) : undefined;
  const { code, stdout, stderr } = await arena.kill(job, milliseconds);
  const killed = code === KILLED;
  if (!killed && code !== 0) violations.push(`I5: a process ended with ${code} (${fault}): ${stderr}`);
  return { fault, killed, lines: readLines(stdout) };
}
