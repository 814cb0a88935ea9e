/**
 * Measures the local backends against their budgets: `deno task bench:local [--only=NAME] [--strict]`.
 *
 * Every measure runs in a process of its own that may touch nothing but its folder. Exits 0 whatever the figures are,
 * unless `--strict` is given.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnDenoOk } from "../../_support/spawn_deno.ts";
import { cost, type Figure, passes, timed } from "../figures.ts";
import { tableOf } from "../table.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url)).replace(/[\\/]$/, "");
const MEASURES = ["durable_turn", "many_sessions", "disk_growth", "open_many", "open_long"];
const OPENINGS = 7;

const only = Deno.args.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
if (only !== undefined && !MEASURES.includes(only)) throw new RangeError(`--only: one of ${MEASURES.join(", ")}`);

const { deno, v8 } = Deno.version;
console.log(`Deno ${deno}, V8 ${v8}, ${Deno.build.target}, ${navigator.hardwareConcurrency} CPUs`);
console.log(`${new Date().toISOString()}\n`);
const root = join(Deno.cwd(), ".tmp");
Deno.mkdirSync(root, { recursive: true });
const folder = Deno.makeTempDirSync({ dir: root, prefix: "bench-" });
const all: Figure[] = [];
try {
  for (const measure of only === undefined ? MEASURES : [only]) {
    const figures = await figuresOf(measure);
    all.push(...figures);
    console.log(tableOf(measure, figures));
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const judged = all.filter(({ budget }) => budget !== undefined);
const missed = judged.filter((figure) => !passes(figure));
console.log(`${judged.length - missed.length} of ${judged.length} budgets kept`);
if (Deno.args.includes("--strict") && missed.length > 0) Deno.exit(1);

async function figuresOf(measure: string): Promise<readonly Figure[]> {
  switch (measure) {
    case "open_many":
      return await opening("100,000 messages in 100 sessions", 100, { milliseconds: 300, megabytes: 120 });
    case "open_long":
      return await opening("100,000 messages in one session", 1, { milliseconds: 1000 });
    default:
      return JSON.parse(await program(`${measure}.ts`, join(folder, measure)));
  }
}

/** Fills a folder, then opens it in fresh processes that each run one more turn. */
async function opening(
  what: string,
  sessions: number,
  budget: { readonly milliseconds: number; readonly megabytes?: number },
): Promise<readonly Figure[]> {
  const dataDir = join(folder, `open_${sessions}`);
  await program("fill_folder.ts", dataDir, String(sessions));
  const times: number[] = [];
  const sizes: number[] = [];
  const processor: number[] = [];
  const empty: number[] = [];
  for (let i = 0; i < OPENINGS; i++) {
    empty.push(await timed(() => program("../empty_program.ts", dataDir)));
    const { milliseconds, rss, processorMs } = JSON.parse(await program("continue_session.ts", dataDir));
    times.push(milliseconds);
    sizes.push(rss / 1024 / 1024);
    processor.push(processorMs);
  }
  const { megabytes } = budget;
  return [
    cost({ name: `open and go on, ${what}`, unit: "ms", budget: { atMost: budget.milliseconds } }, times),
    cost(
      { name: `RSS then, ${what}`, unit: "MB", ...(megabytes === undefined ? {} : { budget: { atMost: megabytes } }) },
      sizes,
    ),
    cost({ name: "processor time, all threads, Deno's start included", unit: "ms" }, processor),
    cost({ name: "an empty program beside it, whole process", unit: "ms" }, empty),
  ];
}

async function program(file: string, dataDir: string, ...args: readonly string[]): Promise<string> {
  Deno.mkdirSync(dataDir, { recursive: true });
  const grants = [`--allow-read=${dataDir}`, `--allow-write=${dataDir}`];
  const { stdout } = await spawnDenoOk(
    ["run", "--no-prompt", "--no-check", "--v8-flags=--expose-gc", ...grants, join(HERE, file), dataDir, ...args],
    { cwd: HERE, timeoutMs: 300_000 },
  );
  return stdout;
}
