/**
 * Measures the runtime against its budgets: `deno task bench [--only=NAME] [--processes=N] [--strict]`.
 *
 * Every measure runs in processes of its own. Exits 0 whatever the figures are, unless `--strict` is given.
 * Needs `--allow-run=deno`; the measures themselves have no permission.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { spawnDenoOk } from "../_support/spawn_deno.ts";
import { coldStart } from "./cold_start.ts";
import { type Figure, merge, passes } from "./figures.ts";
import { tableOf } from "./table.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url)).replace(/[\\/]$/, "");
const MEASURES = ["text_turn", "tool_calls", "long_history", "delta_stream", "concurrent_sessions", "cold_start"];
const TIMEOUT_MS = 300_000;

const only = option("only");
const processes = Number(option("processes") ?? 3);
if (only !== undefined && !MEASURES.includes(only)) throw new RangeError(`--only: one of ${MEASURES.join(", ")}`);
if (!Number.isSafeInteger(processes) || processes < 1) throw new RangeError("--processes: a whole number above 0");

const { deno, v8 } = Deno.version;
console.log(`Deno ${deno}, V8 ${v8}, ${Deno.build.target}, ${navigator.hardwareConcurrency} CPUs`);
console.log(`${new Date().toISOString()}, ${processes} processes a measure, median of their medians\n`);
const all: Figure[] = [];
for (const measure of only === undefined ? MEASURES : [only]) {
  const figures = measure === "cold_start" ? await coldStart(FOLDER) : await measureIn(measure);
  all.push(...figures);
  console.log(tableOf(measure, figures));
}
const missed = all.filter((figure) => !passes(figure));
const judged = all.filter(({ budget }) => budget !== undefined);
console.log(`${judged.length - missed.length} of ${judged.length} budgets kept`);
if (Deno.args.includes("--strict") && missed.length > 0) Deno.exit(1);

async function measureIn(measure: string): Promise<Figure[]> {
  const runs: Figure[][] = [];
  for (let i = 0; i < processes; i++) {
    const { stdout } = await spawnDenoOk(
      ["run", "--no-prompt", "--v8-flags=--expose-gc", `${FOLDER}/${measure}.ts`],
      { cwd: FOLDER, timeoutMs: TIMEOUT_MS },
    );
    runs.push(JSON.parse(stdout));
  }
  const [first = []] = runs;
  return first.map((_, index) => merge(runs.flatMap((figures) => figures[index] ?? [])));
}

function option(name: string): string | undefined {
  const prefix = `--${name}=`;
  return Deno.args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length);
}
