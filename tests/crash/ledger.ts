/** The outside world: what tools did there, in a file that no crash takes back. */

import { join } from "node:path";
import type { Effect } from "../src/_support/faults.ts";

/** Appends effects, each durable before the next instruction. */
export class EffectFile implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  /** Opens the ledger of a folder. */
  constructor(folder: string) {
    this.#path = ledgerPath(folder);
    this.#file = Deno.openSync(this.#path, { append: true, create: true });
  }

  /** Does something outside. */
  add(effect: Effect): void {
    this.#file.writeSync(new TextEncoder().encode(`${JSON.stringify(effect)}\n`));
    this.#file.syncDataSync();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** Everything that was done. */
  read(): Effect[] {
    return readEffects(this.#path);
  }
}

/** Where a folder's ledger is. */
export function ledgerPath(folder: string): string {
  return join(folder, "ledger.jsonl");
}

/** The effects in a ledger, in order; none when it is not there. */
export function readEffects(path: string): Effect[] {
  try {
    return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "").map((line): Effect =>
      JSON.parse(line)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
