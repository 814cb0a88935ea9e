/** Runtimes over a data folder, and what can be seen of their turns while the first step is being stored. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { LeaseLostError } from "../../../src/errors.ts";
import type { ModelRequest } from "../../../src/ports/driver.ts";
import type { CommittedStep, SessionStep } from "../../../src/ports/journal.ts";
import type { Event } from "../../../src/records/event.ts";
import { textOf } from "../../../src/records/content.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { LocalBackends } from "../../../local/backends.ts";
import { LocalProfile } from "../../../local/profile.ts";
import { type FaultOptions, faultRuntime, SESSION } from "../../src/_support/faults.ts";
import { RecordingJournal } from "../../src/_support/journals.ts";
import type { TempFolder } from "../_support/temp_folder.ts";

/** A runtime as a process of its own has it. */
export interface Opened extends AsyncDisposable {
  readonly runtime: InProcessRuntime;
  readonly local: LocalBackends;
}

/** Opens a folder; the prompt is hashed already, so that nothing of a turn takes longer than the work of a burst. */
export async function open(
  { path }: TempFolder,
  options: FaultOptions = {},
  change: (backends: RuntimeBackends) => RuntimeBackends = (backends) => backends,
): Promise<Opened> {
  await using first = await faultRuntime();
  await first.runTextTurn(SESSION, "hi");
  const { clock } = options;
  const stores = RuntimeBackends.inMemory();
  const local = await LocalBackends.open(new LocalProfile(path), stores, clock === undefined ? {} : { clock });
  const runtime = await faultRuntime({ ...options, backends: change(local.runtimeBackends) });
  return {
    runtime,
    local,
    [Symbol.asyncDispose]: async () => {
      await runtime.close();
      await local.close();
    },
  };
}

/** Stores no step that may be joined before the test says what becomes of it. */
export class GatedJournal extends RecordingJournal {
  readonly readsOwnSteps = true;
  readonly gate: PromiseWithResolvers<void> = Promise.withResolvers();
  waiting = false;

  override async commit(step: SessionStep): Promise<CommittedStep> {
    if (step.join === true) {
      this.waiting = true;
      await this.gate.promise;
    }
    return await super.commit(step);
  }

  /** What a journal says when another owner was faster. */
  refuse(): void {
    this.gate.reject(new LeaseLostError(SESSION, 1));
  }
}

/** A runtime whose inputs wait to be stored. */
export async function openGated(
  folder: TempFolder,
  options: FaultOptions,
): Promise<Opened & { readonly gated: GatedJournal }> {
  let gated: GatedJournal | undefined;
  const opened = await open(folder, options, (backends) => {
    gated = new GatedJournal(backends.slots.journal);
    return backends.withJournal(gated);
  });
  assert.ok(gated);
  return { ...opened, gated };
}

/** What a process that looks at the file finds. */
export function storedSteps({ local }: Opened): number {
  using db = new DatabaseSync(local.profile.databasePath, { readOnly: true });
  return Number(db.prepare("SELECT count(*) AS steps FROM step").get()?.["steps"]);
}

/** What a model is asked, text by text. */
export function textsOf({ messages }: ModelRequest): string[] {
  return messages.map(({ content }) => typeof content === "string" ? content : textOf(content));
}

/** Collects what a subscriber sees, and how many steps were stored by then. */
export function watch(opened: Opened): { readonly seen: Event[]; readonly steps: number[] } {
  const seen: Event[] = [];
  const steps: number[] = [];
  void (async () => {
    for await (const event of opened.runtime.subscribe(SESSION)) {
      seen.push(event);
      steps.push(storedSteps(opened));
    }
  })();
  return { seen, steps };
}
