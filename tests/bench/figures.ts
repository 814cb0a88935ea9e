/**
 * Figures: what a measure hands to the runner, and the arithmetic behind it.
 *
 * @module
 */

/** What a figure must reach. */
export type Budget = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the table. */
export interface Figure {
  /** What was measured. */
  readonly name: string;
  /** Its unit. */
  readonly unit: string;
  /** The best sample: the smallest time, the highest rate. */
  readonly best: number;
  /** The figure. */
  readonly median: number;
  /** 95 of 100 samples were at least as good. */
  readonly p95: number;
  /** How many samples there were. */
  readonly samples: number;
  /** What the median must reach; a figure without a budget is only shown. */
  readonly budget?: Budget;
}

/** What a figure is called and measured in. */
export type Caption = Pick<Figure, "name" | "unit" | "budget">;

/** A figure of times, sizes or ratios: less is better. */
export function cost(caption: Caption, samples: readonly number[]): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  return { ...caption, ...spread(sorted) };
}

/** A figure of rates: more is better. */
export function rate(caption: Caption, samples: readonly number[]): Figure {
  const sorted = samples.toSorted((a, b) => b - a);
  return { ...caption, ...spread(sorted) };
}

/** The middle of some samples. */
export function median(samples: readonly number[]): number {
  return quantile(samples.toSorted((a, b) => a - b), 0.5);
}

/** Whether a figure is within its budget; a figure without one always is. */
export function passes({ median, budget }: Figure): boolean {
  if (budget === undefined) return true;
  return "atMost" in budget ? median <= budget.atMost : median >= budget.atLeast;
}

/** One figure out of those that several processes measured under the same name. */
export function merge(figures: readonly Figure[]): Figure {
  const [first] = figures;
  if (first === undefined) throw new RangeError("Cannot merge figures: there is none");
  const higherIsBetter = first.best > first.p95;
  const bests = figures.map(({ best }) => best);
  return {
    ...first,
    best: higherIsBetter ? Math.max(...bests) : Math.min(...bests),
    median: median(figures.map((figure) => figure.median)),
    p95: median(figures.map(({ p95 }) => p95)),
    samples: figures.reduce((sum, { samples }) => sum + samples, 0),
  };
}

/** Hands figures to the runner, as the one line a measure prints. */
export function report(figures: readonly Figure[]): void {
  console.log(JSON.stringify(figures));
}

/** Collects garbage; the measure must run under `--v8-flags=--expose-gc`. */
export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Cannot collect garbage: run the measure with --v8-flags=--expose-gc");
  gc();
  gc();
}

/** Milliseconds a piece of work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function spread(fromBest: readonly number[]): Pick<Figure, "best" | "median" | "p95" | "samples"> {
  return {
    best: quantile(fromBest, 0),
    median: quantile(fromBest, 0.5),
    p95: quantile(fromBest, 0.95),
    samples: fromBest.length,
  };
}

function quantile(sorted: readonly number[], part: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  if (value === undefined) throw new RangeError("Cannot take a figure: there is no sample");
  return value;
}
