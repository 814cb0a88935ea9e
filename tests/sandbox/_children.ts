/** A sandbox whose children are watched. */

import { Sandbox, type SandboxOptions } from "../../src/sandbox/mod.ts";
import { type SandboxProcess, spawnSandbox } from "../../src/sandbox/process.ts";

/** A sandbox and what became of its children. */
export interface WatchedSandbox {
  readonly sandbox: Sandbox;
  /** How many were started. */
  readonly started: number;
  /** How many of them are not dead. */
  readonly alive: number;
  /** The signals those that are dead died of; null for one that ended by itself. */
  readonly signals: readonly (string | null)[];
  /** Resolves when all that were started are dead. */
  allDead(): Promise<void>;
}

/** Makes a sandbox that counts its children. */
export function watchedSandbox(options: Omit<SandboxOptions, "spawn"> = {}): WatchedSandbox {
  let started = 0;
  let alive = 0;
  const deaths: Promise<unknown>[] = [];
  const signals: (string | null)[] = [];
  const spawn = (program: string, args: readonly string[]): SandboxProcess => {
    const child = spawnSandbox(program, args);
    started++;
    alive++;
    deaths.push(child.status.then(({ signal }) => {
      signals.push(signal);
      alive--;
    }));
    return child;
  };
  return {
    sandbox: new Sandbox({ ...options, spawn }),
    get started() {
      return started;
    },
    get alive() {
      return alive;
    },
    signals,
    allDead: async () => void await Promise.all(deaths),
  };
}
