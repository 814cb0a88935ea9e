/** The places where a child can die, counted as it passes them. */

import { DatabaseSync, StatementSync } from "node:sqlite";
import { tell } from "./protocol.ts";

/** What a child is busy with. */
export type Phase = "idle" | "open" | "recover" | "run" | "close";

/** A place where a child can die. */
export type Point =
  | "begin"
  | "write"
  | "commit.before"
  | "commit.after"
  | "pragma"
  | "database.close"
  | "file.before"
  | "file.after"
  | "tool.before"
  | "tool.after"
  | "reconcile.before"
  | "reconcile.after"
  | "model";

const FILE_CALLS = ["mkdirSync", "openSync", "removeSync", "renameSync"] as const;

/**
 * Counts passes of named points, and kills this process with SIGKILL at one of them.
 *
 * The runtime has no hook for this: statements are watched where they enter SQLite, files where they enter Deno.
 */
export class FaultPoints {
  /** What the child is busy with. */
  phase: Phase = "idle";
  #fault: string | undefined;
  readonly #passes: Map<string, number> = new Map();

  /** Counts from now on anew, and dies at `phase/point:pass`, or never. */
  begin(fault?: string): void {
    this.#fault = fault;
    this.#passes.clear();
    this.phase = "open";
  }

  /** How often each `phase/point` was passed. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#passes);
  }

  /** Passes a point, or dies there. */
  pass(point: Point): void {
    if (this.phase === "idle") return;
    const key = `${this.phase}/${point}`;
    const pass = (this.#passes.get(key) ?? 0) + 1;
    this.#passes.set(key, pass);
    if (`${key}:${pass}` !== this.#fault) return;
    tell({ type: "killing", fault: this.#fault });
    Deno.kill(Deno.pid, "SIGKILL");
    for (;;) { /* Nothing may happen any more until the signal arrives. */ }
  }

  /** Watches every statement of every database of this process. */
  watchDatabases(): void {
    const pass = (point: Point): void => this.pass(point);
    const { run, get } = StatementSync.prototype;
    const { close } = DatabaseSync.prototype;
    replace(StatementSync.prototype, "run", function (this: StatementSync, ...args: unknown[]): unknown {
      const [verb = ""] = this.sourceSQL.trimStart().split(/\W/, 1);
      if (verb === "BEGIN") pass("begin");
      if (verb === "COMMIT") pass("commit.before");
      const done: unknown = Reflect.apply(run, this, args);
      if (verb === "COMMIT") pass("commit.after");
      else if (!/^(BEGIN|SAVEPOINT|RELEASE|ROLLBACK)$/.test(verb)) pass("write");
      return done;
    });
    replace(StatementSync.prototype, "get", function (this: StatementSync, ...args: unknown[]): unknown {
      const done: unknown = Reflect.apply(get, this, args);
      if (/^\s*(PRAGMA|INSERT|UPDATE|DELETE)/.test(this.sourceSQL)) pass("pragma");
      return done;
    });
    replace(DatabaseSync.prototype, "close", function (this: DatabaseSync): void {
      pass("database.close");
      Reflect.apply(close, this, []);
      pass("database.close");
    });
  }

  /** Watches what makes, renames or removes files. */
  watchFiles(): void {
    for (const name of FILE_CALLS) {
      const call: (...args: never[]) => unknown = Deno[name];
      replace(Deno, name, (...args: unknown[]): unknown => {
        this.pass("file.before");
        const done: unknown = Reflect.apply(call, Deno, args);
        this.pass("file.after");
        return done;
      });
    }
  }
}

function replace(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}
