/**
 * Counts the statements that change a store, by their SQL.
 *
 * @module
 */

import { type SQLInputValue, StatementSync } from "node:sqlite";

/** Statements run since the count began; it ends with the scope. */
export interface StatementCount extends Disposable {
  /** How often each SQL text was run. */
  readonly runs: ReadonlyMap<string, number>;
  /** How many transactions were committed. */
  commits(): number;
  /** Begins again at nothing. */
  reset(): void;
}

/** Counts what `run()` of every prepared statement of this process runs, in all databases. */
export function countStatements(): StatementCount {
  const runs = new Map<string, number>();
  const { run } = StatementSync.prototype;
  const counting = function (this: StatementSync, ...params: SQLInputValue[]): unknown {
    runs.set(this.sourceSQL, (runs.get(this.sourceSQL) ?? 0) + 1);
    return Reflect.apply(run, this, params);
  };
  const replace = (value: unknown): boolean => Reflect.set(StatementSync.prototype, "run", value);
  replace(counting);
  return {
    runs,
    commits: () => runs.get("COMMIT") ?? 0,
    reset: () => runs.clear(),
    [Symbol.dispose]: () => void replace(run),
  };
}
