/** An input that cannot be stored while its turn goes on already: what is told of the turn, and what remains of it. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { LeaseLostError, SessionBusyError } from "../../../src/errors.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { StoreBusyError } from "../../../local/errors.ts";
import { isSettled, SESSION, stalls, text, tick, until } from "../../src/_support/faults.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { open, openGated, textsOf, watch } from "./_early_turns.ts";

Deno.test("of two processes that begin a turn together one is refused: its model call ends and nobody hears of it", async () => {
  using folder = tempFolder();
  const aborts = { aborted: 0 };
  const answer = Promise.withResolvers<void>();
  await using one = await open(folder, {
    respond: async function* () {
      await answer.promise;
      yield* text("of one");
    },
  });
  const stalling = stalls([{ type: "text", delta: "of the other" }], aborts);
  await using other = await open(folder, {
    respond: (request, options, call) => call === 1 ? stalling(request, options, call) : text("ok"),
  });
  const heard = watch(other);
  const first = one.runtime.startTurn(SESSION, "one");
  const second = other.runtime.startTurn(SESSION, "other");
  await assert.rejects(second.result, SessionBusyError);
  await assert.rejects(second.accepted, SessionBusyError);
  assert.equal(aborts.aborted, 1);
  assert.deepEqual(heard.seen, []);
  answer.resolve();
  assert.equal((await first.result).response, "of one");
  const third = await other.runtime.runTextTurn(SESSION, "again", { idempotencyKey: "third" });
  await tick();
  for (const { context, type } of other.runtime.events()) assert.equal(context.turnId, third.turnId, type);
});

Deno.test("after a refused turn the next one is asked with what is stored, and with nothing else", async () => {
  using folder = tempFolder();
  const asked: string[][] = [];
  await using one = await open(folder);
  await using other = await open(folder, {
    respond: (request) => {
      asked.push(textsOf(request));
      return text("ok");
    },
  });
  const outcomes = await Promise.allSettled([
    one.runtime.runTextTurn(SESSION, "one"),
    other.runtime.runTextTurn(SESSION, "refused"),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected"]);
  await other.runtime.runTextTurn(SESSION, "next");
  assert.deepEqual(asked.at(-1), ["one", "ok", "next"]);
  await other.runtime.runTextTurn(SESSION, "last");
  assert.deepEqual(asked.at(-1), ["one", "ok", "next", "ok", "last"]);
});

Deno.test("a turn that is refused while its prompt is being hashed tells nothing and asks nobody", async () => {
  using folder = tempFolder();
  let asked = 0;
  const reader = defineCapability({
    id: "guard",
    name: "Guard",
    // Never hashed before: that takes longer than the refusal.
    systemPrompt: crypto.randomUUID(),
    hooks: {
      beforeModelCall: () => {
        opened.gated.refuse();
        return { action: "proceed" };
      },
    },
  });
  const respond = () => {
    asked++;
    return text("ok");
  };
  await using opened = await openGated(folder, { respond, capabilities: [reader] });
  const { seen } = watch(opened);
  await assert.rejects(opened.runtime.startTurn(SESSION, "hi").result, LeaseLostError);
  await tick();
  assert.deepEqual(seen, []);
  assert.equal(asked, 0);
});

Deno.test("a hook that goes on when its turn was refused is not heard", async () => {
  using folder = tempFolder();
  const late = Promise.withResolvers<void>();
  const slow = defineCapability({
    id: "slow",
    name: "Slow",
    hooks: {
      beforeModelCall: async ({ turn }) => {
        turn?.warn("slow", "before");
        await late.promise;
        turn?.warn("slow", "after");
        return { action: "proceed" };
      },
    },
  });
  await using opened = await openGated(folder, { capabilities: [slow] });
  const { seen } = watch(opened);
  const { result } = opened.runtime.startTurn(SESSION, "hi");
  await until(() => opened.gated.waiting);
  opened.gated.refuse();
  await assert.rejects(result, LeaseLostError);
  late.resolve();
  await tick();
  assert.deepEqual(seen, []);
});

Deno.test("what happens to a session beside its turn is told at once, whatever becomes of the turn", async () => {
  using folder = tempFolder();
  await using opened = await openGated(folder, {
    respond: stalls(),
    configure: (builder) => builder.capability(defineCapability({ id: "extra", name: "Extra" })),
  });
  const { seen } = watch(opened);
  const { result } = opened.runtime.startTurn(SESSION, "hi");
  await until(() => opened.gated.waiting);
  await opened.runtime.activateCapability(SESSION, "extra");
  await tick();
  assert.deepEqual(seen.map(({ type }) => type), ["session.capability.changed"]);
  opened.gated.refuse();
  await assert.rejects(result, LeaseLostError);
});

Deno.test("a store that stays locked refuses the turn as busy, and the next one is asked without it", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  const asked: string[][] = [];
  await using opened = await open(folder, {
    clock,
    respond: (request) => {
      asked.push(textsOf(request));
      return text("ok");
    },
  });
  const { seen } = watch(opened);
  {
    using locker = new DatabaseSync(opened.local.profile.databasePath);
    locker.exec("BEGIN IMMEDIATE");
    const { accepted, result } = opened.runtime.startTurn(SESSION, "refused");
    while (!await isSettled(result)) await clock.advanceAsync(1000);
    for (const refused of [accepted, result]) await assert.rejects(refused, StoreBusyError);
  }
  assert.deepEqual(seen, []);
  await opened.runtime.runTextTurn(SESSION, "next");
  assert.deepEqual(asked, [["refused"], ["next"]]);
});
