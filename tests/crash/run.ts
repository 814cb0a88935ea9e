/**
 * Kills processes in the middle of their work and checks what is left: `deno task crash`.
 *
 * `--full` tries every pass of every point and thousands of second deaths; `--scenario=NAME --faults=LIST` plays one case, as it
 * is printed with a violation; `--only=NAME` one scenario, `--seed=N` other random times, `--workers=N` cases at a time. Ends with
 * `N kills, V violations` and exits 1 when there is one.
 *
 * Needs `--allow-read=.tmp --allow-write=.tmp --allow-run=deno`; the processes that die get their own folder to read and
 * write, and nothing else.
 *
 * @module
 */

import { Arena } from "./arena.ts";
import { FULL, killsOf, playMatrix, SHORT } from "./matrix.ts";
import { isControl } from "./protocol.ts";
import { nameOf, type Outcome, playCase } from "./run_case.ts";

if (import.meta.main) await main();

async function main(): Promise<void> {
  const started = performance.now();
  const outcomes = await playWanted();
  const violations = violationsOf(outcomes);
  console.log(`${outcomes.length} cases in ${Math.round((performance.now() - started) / 1000)} s`);
  console.log(`${killsOf(outcomes)} kills, ${violations} violations`);
  if (violations > 0) Deno.exit(1);
}

async function playWanted(): Promise<readonly Outcome[]> {
  const scenario = option("scenario");
  const control = option("control");
  if (scenario !== undefined) {
    const faults = option("faults")?.split(",").filter((fault) => fault !== "") ?? [];
    await using arena = new Arena();
    const outcome = await playCase({ scenario, faults, ...(isControl(control) ? { control } : {}) }, arena);
    report(scenario, [outcome]);
    return [outcome];
  }
  const only = option("only");
  const workers = option("workers");
  return await playMatrix({
    ...(Deno.args.includes("--full") ? FULL : SHORT),
    ...(only === undefined ? {} : { scenarios: [only] }),
    ...(workers === undefined ? {} : { workers: Number(workers) }),
    seed: Number(option("seed") ?? 1),
    progress: report,
  });
}

/** Tells at once what is wrong: the rest may take an hour. */
function report(name: string, outcomes: readonly Outcome[]): void {
  for (const { played, violations } of outcomes.filter((outcome) => outcome.violations.length > 0)) {
    console.error(`\ndeno task crash ${nameOf(played)}`);
    for (const violation of violations) console.error(`  ${violation}`);
  }
  console.log(
    `${name}: ${outcomes.length} cases, ${killsOf(outcomes)} kills, ${violationsOf(outcomes)} violations`,
  );
}

function violationsOf(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { violations }) => sum + violations.length, 0);
}

function option(name: string): string | undefined {
  const prefix = `--${name}=`;
  return Deno.args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length);
}
