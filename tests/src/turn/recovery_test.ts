/** A process dies before or after each step of a turn; another one finishes the turn, however often that takes. */

import assert from "node:assert/strict";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { Capability } from "../../../src/ports/capability.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import type { ToolEffect } from "../../../src/records/tool.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { calls, type FaultOptions, faultRuntime, Ledger, logOf, Process, SESSION, text } from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

/** A turn under test: what runs, on which tools. */
interface Scenario {
  readonly name: string;
  /** Effects of the tools `one` and `two`. */
  readonly effects: Readonly<Record<"one" | "two", ToolEffect>>;
  /** Whether they are called by two replies instead of by one. */
  readonly inTurn?: boolean;
  readonly capabilities?: readonly Capability[];
  /** Steers the turn when its first tool runs. */
  readonly steers?: boolean;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "two pure calls", effects: { one: "pure", two: "pure" } },
  { name: "an idempotent call and an at_most_once call", effects: { one: "idempotent", two: "at_most_once" } },
  { name: "two at_most_once calls", effects: { one: "at_most_once", two: "at_most_once" } },
  {
    name: "two at_most_once calls of two replies",
    effects: { one: "at_most_once", two: "at_most_once" },
    inTurn: true,
  },
  {
    name: "two calls and a turn-end hook",
    effects: { one: "pure", two: "at_most_once" },
    capabilities: [defineCapability({ id: "hooked", name: "Hooked", hooks: { turnEnd: async () => {} } })],
  },
  { name: "two calls and a steering input", effects: { one: "pure", two: "at_most_once" }, steers: true },
];

/** The runtime of one process: its model goes by what the conversation says, so that it may be asked again. */
async function start(
  scenario: Scenario,
  process: Process,
  tools: readonly Tool[],
  more: FaultOptions = {},
): Promise<InProcessRuntime> {
  return await faultRuntime({
    backends: process.backends,
    tools,
    capabilities: scenario.capabilities ?? [],
    respond: ({ messages }) => {
      const answered = messages.filter(({ role }) => role === "tool").length;
      if (answered === 0) return scenario.inTurn === true ? calls("one") : calls("one", "two");
      return answered === 1 ? calls("two") : text("done");
    },
    ...more,
  });
}

/** What one run of a scenario left behind. */
interface Outcome {
  readonly disk: RuntimeBackends;
  readonly ledger: Ledger;
  readonly tools: readonly Tool[];
  /** Texts of inputs whose acknowledgement was seen. */
  readonly acked: string[];
  readonly first: Process;
}

/** Runs the turn in a process that dies at a step. */
async function runAndDie(scenario: Scenario, crash: ConstructorParameters<typeof Process>[1]): Promise<Outcome> {
  const disk = RuntimeBackends.inMemory();
  const ledger = new Ledger();
  const acked: string[] = [];
  const first = new Process(disk, crash);
  let steer: () => void = () => {};
  const one = ledger.tool("one", scenario.effects.one);
  const two = ledger.tool("two", scenario.effects.two);
  const tools: Tool[] = [{
    ...one,
    execute: (args, context) => {
      steer();
      return one.execute(args, context);
    },
  }, two];
  const runtime = await start(scenario, first, tools);
  const handle = runtime.startTurn(SESSION, "go");
  handle.accepted.then(() => acked.push("go"), () => {});
  steer = () => {
    steer = () => {};
    if (scenario.steers === true) handle.steer("and this").then(() => acked.push("and this"), () => {});
  };
  await handle.result.then(() => {}, () => {});
  if (!first.dead) await runtime.close();
  return { disk, ledger, tools, acked, first };
}

async function recoverAll(scenario: Scenario, process: Process, tools: readonly Tool[]): Promise<InProcessRuntime> {
  const runtime = await start(scenario, process, tools);
  await runtime.recover().catch((error) => {
    if (!process.dead) throw error;
  });
  return runtime;
}

/** How many steps an undisturbed run stores. */
async function countCommits(scenario: Scenario): Promise<number> {
  const { first } = await runAndDie(scenario, undefined);
  assert.ok(first.commits >= 3, `${scenario.name} stores ${first.commits} steps`);
  return first.commits;
}

for (const scenario of SCENARIOS) {
  Deno.test(`recover() finishes ${scenario.name} after a crash at every step`, async (t) => {
    const commits = await countCommits(scenario);
    for (let commit = 1; commit <= commits; commit++) {
      for (const when of ["before", "after"] as const) {
        await t.step(`${when} step ${commit} of ${commits}`, async () => {
          const { disk, ledger, tools, acked, first } = await runAndDie(scenario, { commit, when });
          // Results that come together may be stored in one step or in two.
          if (!first.dead) return assert.ok(commit > 4);
          const second = new Process(disk);
          await using runtime = await recoverAll(scenario, second, tools);
          const accepted = (await logOf(disk)).length > 0;
          await assertSession(runtime, disk, { acked, ledger, effects: scenario.effects });
          // I11: there is nothing left to do.
          const before = await logOf(disk);
          assert.deepEqual(await runtime.recover(), []);
          assert.deepEqual(await logOf(disk), before);
          const next = await runtime.runTurn(SESSION, "next");
          assert.equal(next.success, true);
          await assertSession(runtime, disk, { acked: [...acked, "next"], ledger, effects: scenario.effects });
          assert.equal(accepted, commit > 1 || when === "after");
        });
      }
    }
  });

  Deno.test(`recover() finishes ${scenario.name} after a second crash at every step of recovery`, async () => {
    const commits = await countCommits(scenario);
    for (let commit = 1; commit <= commits; commit++) {
      for (let again = 2;; again++) {
        const { disk, ledger, tools, acked } = await runAndDie(scenario, { commit, when: "after" });
        const when = again % 2 === 0 ? "before" : "after";
        const second = new Process(disk, { commit: again >> 1, when });
        const middle = await recoverAll(scenario, second, tools);
        await using runtime = await recoverAll(scenario, new Process(disk), tools);
        await assertSession(runtime, disk, { acked, ledger, effects: scenario.effects });
        if (!second.dead) {
          await middle.close();
          break;
        }
        assert.ok(again < 40);
      }
    }
  });
}
