/** Where cases are played: folders under `.tmp`, processes that die in them, and processes that come after. */

import { join } from "node:path";
import { checkoutRoot } from "../_support/checkout.ts";
import { spawnDeno, type SpawnResult } from "../_support/spawn_deno.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { ledgerPath } from "./ledger.ts";
import { dataPath, type Job } from "./protocol.ts";
import { spawnKilled } from "./spawn_killed.ts";
import { type Settled, Survivor } from "./survivor.ts";

/** Longest life of a process: what takes longer is stuck. */
const TIMEOUT_MS = 60_000;
const CHILD = join(checkoutRoot, "tests", "crash", "child.ts");

/** A folder for many cases, and the processes that survive them. */
export class Arena implements AsyncDisposable {
  readonly #folder = tempFolder();
  readonly #idle: Survivor[] = [];

  /** A new folder for one case. */
  folder(): { readonly path: string } & Disposable {
    const path = Deno.makeTempDirSync({ dir: this.#folder.path });
    return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
  }

  /** Runs a process that is to die: by itself where the job says, or from outside a time after its first word. */
  async kill(job: Job, milliseconds?: number): Promise<SpawnResult> {
    const args = [...run([dataPath(job.folder), ledgerPath(job.folder)]), JSON.stringify(job)];
    if (milliseconds !== undefined) return await spawnKilled(args, { cwd: checkoutRoot, milliseconds });
    return await spawnDeno(args, { cwd: checkoutRoot, timeoutMs: TIMEOUT_MS });
  }

  /** Plays a job to its end, in a process that has no part in what came before. */
  async settle(job: Job): Promise<Settled> {
    const survivor = this.#idle.pop() ?? new Survivor(run([this.#folder.path]), { cwd: checkoutRoot });
    const settled = await survivor.play(job, { timeoutMs: TIMEOUT_MS });
    if (settled.failure === undefined) this.#idle.push(survivor);
    else await survivor[Symbol.asyncDispose]();
    return settled;
  }

  /** Ends the processes and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const survivor of this.#idle.splice(0)) await survivor[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Arguments of a child that may read and write these paths and nothing else. */
function run(paths: readonly string[]): string[] {
  const grants = [`--allow-read=${paths.join()}`, `--allow-write=${paths.join()}`];
  return ["run", "--cached-only", "--no-check", "--no-prompt", ...grants, CHILD];
}
