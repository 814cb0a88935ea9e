/** A turn goes on while its input is being stored: what may be seen of it meanwhile. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { CommittedStep, SessionStep } from "../../../src/ports/journal.ts";
import { textOf } from "../../../src/records/content.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { isSettled, SESSION, stalls, text, tick } from "../../src/_support/faults.ts";
import { RecordingJournal } from "../../src/_support/journals.ts";
import { type TempFolder, tempFolder } from "../_support/temp_folder.ts";
import { open, type Opened, storedSteps, watch } from "./_early_turns.ts";

/** Tells of a step that may be joined only after the one that was. */
class LateJournal extends RecordingJournal {
  readonly readsOwnSteps = true;

  override async commit(step: SessionStep): Promise<CommittedStep> {
    const committed = await super.commit(step);
    if (step.join === true) await tick();
    return committed;
  }
}

Deno.test("the input is stored while the model still thinks, and then it is accepted", async () => {
  using folder = tempFolder();
  const answer = Promise.withResolvers<void>();
  await using opened = await open(folder, {
    respond: async function* () {
      await answer.promise;
      yield* text("ok");
    },
  });
  const turn = opened.runtime.startTurn(SESSION, "hi");
  await turn.accepted;
  assert.equal(storedSteps(opened), 1);
  answer.resolve();
  assert.equal((await turn.result).response, "ok");
  assert.equal(storedSteps(opened), 2);
});

Deno.test("the model is asked before the input is stored, and an answer that is there at once is stored with it", async () => {
  using folder = tempFolder();
  const steps: number[] = [];
  await using opened = await openCounting(folder, steps);
  const turn = opened.runtime.startTurn(SESSION, "hi");
  await turn.accepted;
  assert.equal(storedSteps(opened), 2);
  assert.equal((await turn.result).response, "ok");
  assert.deepEqual(steps, [0]);
});

Deno.test("subscribers and the bus hear of a turn once its input is stored, and in order", async () => {
  using folder = tempFolder();
  await using opened = await open(folder);
  const { seen, steps } = watch(opened);
  await opened.runtime.runTextTurn(SESSION, "hi");
  await tick();
  const order = [
    "input.message",
    "session.activated",
    "turn.started",
    "reason.started",
    "output.message.started",
    "output.message.delta",
    "llm.generation",
    "output.message.completed",
    "reason.completed",
    "turn.completed",
    "session.idled",
  ];
  assert.deepEqual(seen.map(({ type }) => type), order);
  assert.ok(steps.every((count) => count > 0), JSON.stringify(steps));
  assert.deepEqual(opened.runtime.events().map(({ type }) => type).slice(-order.length), order);
});

Deno.test("a journal that is late to say that the input is stored changes no order", async () => {
  using folder = tempFolder();
  await using opened = await open(folder, {}, (backends) => {
    const { journal } = backends.slots;
    assert.ok(journal);
    return backends.withJournal(new LateJournal(journal));
  });
  const { seen } = watch(opened);
  await opened.runtime.runTextTurn(SESSION, "hi");
  await tick();
  const sequences = seen.flatMap(({ sequence }) => sequence ?? []);
  assert.deepEqual(sequences, [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(seen[0]?.sequence, 1);
});

Deno.test("while another process has the store locked, nothing of a turn is told", async () => {
  using folder = tempFolder();
  await using opened = await open(folder);
  const { seen } = watch(opened);
  const locker = new DatabaseSync(opened.local.profile.databasePath);
  locker.exec("BEGIN IMMEDIATE");
  const turn = opened.runtime.startTurn(SESSION, "hi");
  assert.equal(await isSettled(turn.accepted), false);
  assert.equal(seen.length, 0);
  locker.close();
  assert.equal((await turn.result).response, "ok");
  await tick();
  assert.equal(seen[0]?.type, "input.message");
});

Deno.test("an input with an idempotency key is stored before the model is asked", async () => {
  using folder = tempFolder();
  const steps: number[] = [];
  await using opened = await openCounting(folder, steps);
  const options = { idempotencyKey: "once" };
  await opened.runtime.runTextTurn(SESSION, "hi", options);
  await opened.runtime.runTextTurn(SESSION, "hi", options);
  assert.deepEqual(steps, [1]);
});

Deno.test("a hook before the model call reads the input it is about", async () => {
  using folder = tempFolder();
  const read: string[][] = [];
  await using opened = await open(folder, {
    capabilities: [defineCapability({
      id: "reader",
      name: "Reader",
      hooks: {
        beforeModelCall: async ({ turn }) => {
          const stored = await opened.runtime.messages(SESSION);
          assert.deepEqual(turn?.messages, stored);
          read.push(stored.map(({ content }) => textOf(content)));
          return { action: "proceed" };
        },
      },
    })],
  });
  await opened.runtime.runTextTurn(SESSION, "hi");
  assert.deepEqual(read, [["hi"]]);
});

Deno.test("a turn that is cancelled at once is stored with its input, or not at all", async () => {
  using folder = tempFolder();
  await using opened = await open(folder, { respond: stalls() });
  const turn = opened.runtime.startTurn(SESSION, "hi");
  turn.cancel();
  assert.equal((await turn.result).status, "cancelled");
  const stored = (await opened.runtime.messages(SESSION)).map(({ content }) => textOf(content));
  const isAccepted = await turn.accepted.then(() => true, () => false);
  assert.equal(stored.includes("hi"), isAccepted);
  assert.equal(await opened.runtime.status(SESSION), isAccepted ? "idle" : "started");
});

/** A process whose model notes how many steps are stored when it is asked. */
async function openCounting(folder: TempFolder, steps: number[]): Promise<Opened> {
  const opened: Opened = await open(folder, {
    respond: () => {
      steps.push(storedSteps(opened));
      return text("ok");
    },
  });
  return opened;
}
