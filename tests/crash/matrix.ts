/** Which processes die where: every scenario, every point, every pass. */

import { seededRandom } from "../../src/testing/seeded_random.ts";
import { Arena } from "./arena.ts";
import { type Case, countPasses, type Outcome, playCase } from "./run_case.ts";
import { SCENARIOS } from "./scenarios.ts";

/** How much is tried. */
export interface MatrixOptions {
  /** Most passes of one point of one scenario; what is left out is spread evenly. @default all */
  readonly passes?: number;
  /** Most second deaths, of the process that opens and recovers what a first one left. @default all */
  readonly doubles?: number;
  /** Stories of processes that are killed from outside at any time. @default {0} */
  readonly random?: number;
  /** Of the random times. @default {1} */
  readonly seed?: number;
  /** Only these scenarios. @default all */
  readonly scenarios?: readonly string[];
  /** Cases played at a time. @default {4} */
  readonly workers?: number;
  /** Told when all cases of a scenario were played, and the random ones. */
  readonly progress?: (name: string, outcomes: readonly Outcome[]) => void;
}

/** The share of second deaths inside recovery; the others open what is left. */
const IN_RECOVERY = 3 / 4;
/** At least 300 deaths, of every kind. */
export const SHORT: MatrixOptions = { passes: 2, doubles: 48, random: 12 };
/** At least 5,000: every pass of every point. */
export const FULL: MatrixOptions = { doubles: 1_900, random: 120 };

/** How often a process of a random story is killed before one may live. */
const RANDOM_KILLS = 4;
/** How long it lives, in milliseconds: it may die while it opens the store, and after the scenario has ended. */
const LONGEST_MS = 60;

/** Plays single deaths, then deaths inside their recoveries, then deaths at any time. */
export async function playMatrix(options: MatrixOptions = {}): Promise<readonly Outcome[]> {
  const { passes = Infinity, doubles = Infinity, random = 0, seed = 1 } = options;
  const names = options.scenarios ?? Object.keys(SCENARIOS);
  const share = Math.ceil(doubles / names.length);
  const all: Outcome[] = [];
  const report = (name: string, outcomes: readonly Outcome[]): void => {
    all.push(...outcomes);
    if (outcomes.length > 0) options.progress?.(name, outcomes);
  };
  await using arena = new Arena();
  const play = (cases: readonly Case[]): Promise<Outcome[]> =>
    inParallel(cases, options.workers ?? 4, (played) => playCase(played, arena));
  for (const [at, scenario] of names.entries()) {
    // Opening and closing is the same for all: the first one does it for them.
    const counts = Object.entries(await countPasses(scenario, arena)).filter(([point]) =>
      at === 0 || !/^open/.test(point)
    );
    const faults = counts.flatMap(([point, count]) => spread(count, passes).map((pass) => `${point}:${pass}`));
    const singles = await play(faults.map((fault) => ({ scenario, faults: [fault] })));
    const seconds = [
      ...choose(deathsAfter(singles, "recover/", passes), Math.ceil(share * IN_RECOVERY)),
      ...choose(deathsAfter(singles, "open/", passes), Math.floor(share * (1 - IN_RECOVERY))),
    ];
    report(scenario, [...singles, ...await play(seconds)]);
  }
  report("any time", await play(randomCases(names, random, seed)));
  return all;
}

/** Every second death in a phase of the process that came after a first one. */
function deathsAfter(singles: readonly Outcome[], phase: "recover/" | "open/", passes: number): Case[] {
  return singles.flatMap(({ played: { scenario, faults }, passes: passed }) =>
    Object.entries(passed).filter(([point]) => point.startsWith(phase)).flatMap(([point, count]) =>
      spread(count, passes).map((pass): Case => ({ scenario, faults: [...faults, `${point}:${pass}`] }))
    )
  );
}

function choose(cases: readonly Case[], most: number): Case[] {
  return spread(cases.length, most).flatMap((place) => cases[place - 1] ?? []);
}

/** How many processes died. */
export function killsOf(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { kills }) => sum + kills, 0);
}

function randomCases(names: readonly string[], count: number, seed: number): Case[] {
  const source = seededRandom(seed);
  const bytes = new Uint8Array(4 * RANDOM_KILLS);
  return Array.from({ length: count }, (_, at) => {
    source.fill(bytes);
    const view = new DataView(bytes.buffer);
    const faults = Array.from({ length: RANDOM_KILLS }, (_, kill) => `after:${view.getUint32(4 * kill) % LONGEST_MS}`);
    return { scenario: names[at % names.length] ?? "text", faults };
  });
}

/** So many numbers from 1 to a count, the first and the last among them. */
function spread(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, at) => at + 1);
  if (most <= 1) return most === 1 ? [Math.ceil(count / 2)] : [];
  return Array.from({ length: most }, (_, at) => 1 + Math.round(at * (count - 1) / (most - 1)));
}

async function inParallel<In, Out>(
  inputs: readonly In[],
  workers: number,
  work: (input: In) => Promise<Out>,
): Promise<Out[]> {
  const outputs: Out[] = [];
  const queue = inputs.entries();
  const worker = async (): Promise<void> => {
    for (const [at, input] of queue) outputs[at] = await work(input);
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return outputs;
}
