/**
 * Import, build and first turn as a whole process, in turns with an empty program.
 *
 * Needs `--allow-run=deno`: unlike the other measures it is the runner itself that does this one.
 *
 * @module
 */

import { spawnDenoOk } from "../_support/spawn_deno.ts";
import { cost, type Figure, median } from "./figures.ts";

const RUNS = 25;

interface ProgramRun {
  /** Milliseconds from spawn to exit. */
  readonly wallMs: number;
  /** What the program printed. */
  readonly printed: Readonly<Record<string, number>>;
}

/** Measures the cold start. */
export async function coldStart(folder: string): Promise<Figure[]> {
  // The first runs fill the cache of compiled code.
  for (let i = 0; i < 3; i++) {
    await run(folder, "empty_program.ts");
    await run(folder, "first_turn.ts");
  }
  const empty: ProgramRun[] = [];
  const first: ProgramRun[] = [];
  for (let i = 0; i < RUNS; i++) {
    empty.push(await run(folder, "empty_program.ts"));
    first.push(await run(folder, "first_turn.ts"));
  }
  const emptyMs = empty.map(({ wallMs }) => wallMs);
  const firstMs = first.map(({ wallMs }) => wallMs);
  const stage = (from: string, to: string): number[] =>
    first.map(({ printed }) => (printed[to] ?? NaN) - (from === "" ? 0 : printed[from] ?? NaN));
  const megabytes = (runs: readonly ProgramRun[]): number[] =>
    runs.map(({ printed }) => (printed["rss"] ?? NaN) / 1024 / 1024);
  return [
    cost({ name: "first turn as a process / empty program", unit: "x", budget: { atMost: 1.8 } }, [
      median(firstMs) / median(emptyMs),
    ]),
    cost({ name: "first turn as a process", unit: "ms" }, firstMs),
    cost({ name: "empty program", unit: "ms" }, emptyMs),
    cost({ name: "RSS at the end of the first turn", unit: "MB", budget: { atMost: 50 } }, megabytes(first)),
    cost({ name: "RSS of the empty program", unit: "MB" }, megabytes(empty)),
    cost({ name: "start of V8 to end of import", unit: "ms" }, stage("", "importedAt")),
    cost({ name: "build()", unit: "ms" }, stage("importedAt", "builtAt")),
    cost({ name: "first turn", unit: "ms" }, stage("builtAt", "endedAt")),
  ];
}

async function run(folder: string, file: string): Promise<ProgramRun> {
  const startedAt = performance.now();
  const { stdout } = await spawnDenoOk(["run", "--no-prompt", `${folder}/${file}`], { cwd: folder });
  return { wallMs: performance.now() - startedAt, printed: JSON.parse(stdout) };
}
