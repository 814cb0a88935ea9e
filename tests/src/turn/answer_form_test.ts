/** A turn that was asked for an answer of a form: asked in the driver's way, judged, repaired once, failed, recovered. */

import assert from "node:assert/strict";
import {
  defineCapability,
  type Driver,
  type ModelRequest,
  type ResponseFormat,
  RuntimeBackends,
  type TurnResult,
} from "../../../mod.ts";
import { calls, faultRuntime, Process, script, SESSION, text, tool } from "../_support/faults.ts";
import { JsonJournal } from "../_support/journals.ts";
import { RecordingDriver, useDriver } from "../_support/drivers.ts";
import { callTools, eventsOf, scriptedRuntime, simRuntime } from "../_support/runtime.ts";

const FORMAT: ResponseFormat = {
  name: "city",
  schema: {
    type: "object",
    properties: { name: { type: "string" }, people: { type: "integer", minimum: 0 } },
    required: ["name", "people"],
    additionalProperties: false,
  },
};
const GOOD = '{"name":"Bern","people":134000}';
const VALUE = { name: "Bern", people: 134_000 };
const BAD = '{"name":"Bern","people":-1}';

/** Runs one turn that asks for a city and says what came of it and what the model was asked. */
async function ask(...replies: Parameters<typeof scriptedRuntime>[0]) {
  await using sim = await scriptedRuntime(replies, {
    tools: [tool("look", () => "found")],
    session: (single) => single.sessionMaxIterations(4),
  });
  const { runtime, requests } = sim;
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "Where?", { responseFormat: FORMAT });
  return { turn, requests: [...requests], completed: eventsOf(runtime, "turn.completed")[0]?.data };
}

const lastOf = ({ messages }: ModelRequest) => messages.at(-1);
const textOfLast = (request: ModelRequest | undefined): string =>
  request === undefined ? "" : JSON.stringify(lastOf(request)?.content);

Deno.test("a valid answer is the turn's output, and what was asked for is told in words", async () => {
  const { turn, requests, completed } = await ask(GOOD);
  assert.deepEqual([turn.success, turn.response, turn.output], [true, GOOD, VALUE]);
  assert.equal(completed?.outputFormat, "city");
  assert.equal(requests.length, 1);
  assert.match(textOfLast(requests[0]), /valid against this JSON Schema.*"minimum/s);
  assert.equal(requests[0]?.responseFormat, undefined);
});

Deno.test("a valid answer in a code fence is read", async () => {
  const { turn } = await ask("```json\n" + GOOD + "\n```");
  assert.deepEqual(turn.output, VALUE);
});

Deno.test("an invalid answer is asked for again once, with what is wrong with it", async () => {
  const { turn, requests } = await ask(BAD, GOOD);
  assert.deepEqual([turn.success, turn.output, turn.iterations], [true, VALUE, 2]);
  const note = requests[1]?.messages.find(({ role, content }) =>
    role === "system" && String(content).startsWith("Your last answer cannot be used")
  );
  assert.match(String(note?.content), /The answer does not fit its schema: at \/people/);
  assert.match(textOfLast(requests[1]), /valid against this JSON Schema/);
});

const HOPELESS: readonly [what: string, second: string, why: RegExp][] = [
  ["invalid again", BAD, /^The answer does not fit its schema: at \/people/],
  ["no JSON", "Bern, I think.", /^The answer is not JSON\.$/],
  ["no object", "[1]", /^The answer is not a JSON object\.$/],
  ["empty", "", /^The answer is not JSON\.$/],
];

for (const [what, second, why] of HOPELESS) {
  Deno.test(`a second answer that is ${what} fails the turn as invalid_output`, async () => {
    const { turn, requests } = await ask("Bern.", second);
    assert.deepEqual([turn.success, turn.status, turn.response, turn.output], [false, "failed", "", undefined]);
    assert.equal(turn.error?.code, "invalid_output");
    assert.match(turn.error?.message ?? "", why);
    assert.equal(requests.length, 2);
  });
}

Deno.test("answers beside tool calls are not judged, and a call in the repair round is run", async () => {
  const { turn, requests } = await ask(
    { type: "mixed", text: "Looking.", toolCalls: [{ name: "look", arguments: {} }] },
    BAD,
    callTools("look"),
    GOOD,
  );
  assert.deepEqual([turn.output, turn.toolCallsCount, requests.length], [VALUE, 2, 4]);
});

Deno.test("the last allowed step has no repair round", async () => {
  const { turn, requests } = await ask(callTools("look"), callTools("look"), callTools("look"), BAD);
  assert.deepEqual([turn.error?.code, requests.length], ["invalid_output", 4]);
});

Deno.test("a turn cut short by its limit of steps has no output", async () => {
  const { turn, completed } = await ask(
    { type: "mixed", text: GOOD, toolCalls: [{ name: "look", arguments: {} }] },
    callTools("look"),
    callTools("look"),
    callTools("look"),
  );
  assert.deepEqual([turn.success, turn.stopReason, turn.output], [true, "max_turn_requests", undefined]);
  assert.equal(completed?.outputFormat, undefined);
});

Deno.test("a refusal is not asked again", async () => {
  const replies = script([{ type: "text", delta: "No." }, { type: "done", finishReason: "refusal" }]);
  await using runtime = await faultRuntime({ respond: replies });
  const turn = await runtime.runTextTurn(SESSION, "Where?", { responseFormat: FORMAT });
  assert.deepEqual([turn.error?.code, turn.iterations], ["invalid_output", 1]);
});

Deno.test("the user is told by the configured disclosure", async () => {
  const { turn } = await ask("Bern.", "Bern.");
  assert.equal(turn.error?.code, "invalid_output");
  await using runtime = await simRuntime("Bern.");
  await runtime.runTextTurn(runtime.defaultSessionId, "Where?", { responseFormat: FORMAT });
  assert.equal(
    eventsOf(runtime, "turn.failed")[0]?.data.error,
    "The answer does not have the form that was asked for.",
  );
});

Deno.test("a turn without a format has no output, also after one with it", async () => {
  await using runtime = await simRuntime(GOOD);
  await runtime.runTextTurn(runtime.defaultSessionId, "Where?", { responseFormat: FORMAT });
  const plain = await runtime.runTextTurn(runtime.defaultSessionId, "And?");
  assert.ok(!Object.hasOwn(plain, "output"));
});

Deno.test("a driver that takes the format gets it as a member and nothing in words", async () => {
  const driver: Driver = new RecordingDriver(GOOD);
  const taking: Driver = {
    id: driver.id,
    takesResponseFormat: true,
    prepare: (request) => driver.prepare(request),
    stream: (request, options) => driver.stream(request, options),
  };
  const descriptor = { id: "test", requiresApiKey: false, permissions: () => ({}), create: () => taking };
  await using runtime = await simRuntime("unused", { configure: useDriver(descriptor) });
  const preview = await runtime.previewRequest(runtime.defaultSessionId, "Where?", { responseFormat: FORMAT });
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "Where?", { responseFormat: FORMAT });
  assert.deepEqual(turn.output, VALUE);
  const [sent] = driver instanceof RecordingDriver ? driver.sent : [];
  assert.equal(sent?.body, preview.body);
  const request = JSON.parse(preview.body);
  assert.deepEqual(request.responseFormat, FORMAT);
  assert.equal(request.messages.length, 1);
});

Deno.test("a format that cannot be used is a TypeError before anything is stored", async () => {
  await using runtime = await simRuntime(GOOD);
  const unusable: readonly unknown[] = [
    null,
    { name: "", schema: {} },
    { name: "x", schema: [] },
    { name: "x", schema: { type: "string" } },
    { name: "x", schema: { type: "object", properties: 7 } },
    { name: "x", schema: { type: "object", properties: { a: { $ref: "https://a.test/s" } } } },
  ];
  for (const responseFormat of unusable) {
    const turn = runtime.runTextTurn(
      runtime.defaultSessionId,
      "Where?",
      Object.fromEntries([["responseFormat", responseFormat]]),
    );
    await assert.rejects(turn, TypeError, JSON.stringify(responseFormat));
  }
  assert.deepEqual(await runtime.messages(runtime.defaultSessionId), []);
});

Deno.test("the caller's schema may change after the call", async () => {
  const schema = { type: "object", properties: { name: { type: "string" } } };
  await using sim = await scriptedRuntime([GOOD]);
  const { runtime } = sim;
  const turn = runtime.startTurn(runtime.defaultSessionId, "Where?", { responseFormat: { name: "city", schema } });
  await turn.accepted;
  schema.properties.name.type = "number";
  assert.deepEqual((await turn.result).output, VALUE);
});

Deno.test("a turn repeated by its key has the same output, also from a journal that writes JSON", async () => {
  const backends = RuntimeBackends.inMemory().withJournal(new JsonJournal());
  await using sim = await scriptedRuntime([BAD, GOOD], { backends });
  const { runtime } = sim;
  const options = { responseFormat: FORMAT, idempotencyKey: "k" };
  const first = await runtime.runTextTurn(runtime.defaultSessionId, "Where?", options);
  const again = await runtime.runTextTurn(runtime.defaultSessionId, "Where?", options);
  assert.deepEqual([first.output, again.output, again.turnId], [VALUE, VALUE, first.turnId]);
});

Deno.test("an input that joins after a wrong answer is answered first, in the form", async () => {
  const seen: string[] = [];
  let steer: () => void = () => {};
  await using runtime = await faultRuntime({
    respond: ({ messages }, _, call) => {
      seen.push(String(messages.at(-1)?.role));
      if (call === 1) steer();
      return text(call === 1 ? BAD : GOOD);
    },
  });
  const turn = runtime.startTurn(SESSION, "Where?", { responseFormat: FORMAT });
  const joined = Promise.withResolvers<unknown>();
  steer = () => void turn.steer("Be exact.").then(joined.resolve, joined.reject);
  const { output, iterations } = await turn.result;
  await joined.promise;
  assert.deepEqual([output, iterations], [VALUE, 2]);
});

Deno.test("a turn that waited for its client across a restart keeps its form", async () => {
  const disk = RuntimeBackends.inMemory();
  const run = async (process: Process) =>
    await faultRuntime({
      backends: process.backends,
      clientTools: [{ type: "client_side", name: "where", description: "where", parameters: { type: "object" } }],
      respond: ({ messages }) => {
        if (!messages.some(({ role }) => role === "tool")) return calls("where");
        return text(messages.some(({ content }) => content === BAD) ? GOOD : BAD);
      },
    });
  const first = new Process(disk);
  const before = await run(first);
  const waiting = await before.runTextTurn(SESSION, "Where?", { responseFormat: FORMAT });
  await first.kill();
  const [call] = waiting.waitingFor;
  assert.ok(call !== undefined && waiting.output === undefined);
  await using runtime = await run(new Process(disk));
  const turn = await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: call.id, result: "Bern" }] });
  assert.deepEqual([turn.status, turn.output], ["completed", VALUE]);
});

Deno.test("a turn-end hook sees the output, also when it runs after a crash", async () => {
  const disk = RuntimeBackends.inMemory();
  const seen: unknown[] = [];
  const capabilities = [defineCapability({
    id: "hooked",
    name: "Hooked",
    hooks: { turnEnd: ({ output }) => void seen.push(output) },
  })];
  // The third step is the end, after the hooks.
  const first = new Process(disk, { commit: 3, when: "before" });
  const dying = await faultRuntime({ backends: first.backends, capabilities, respond: () => text(GOOD) });
  await dying.runTextTurn(SESSION, "Where?", { responseFormat: FORMAT }).then(() => {}, () => {});
  assert.ok(first.dead);
  await using runtime = await faultRuntime({ backends: new Process(disk).backends, capabilities });
  const [recovered] = await runtime.recover();
  assert.deepEqual([recovered?.result?.output, seen], [VALUE, [VALUE, VALUE]]);
});

Deno.test("recover() finishes a turn of a form after a crash at every step, repair round included", async (t) => {
  for (let commit = 1; commit <= 4; commit++) {
    for (const when of ["before", "after"] as const) {
      await t.step(`${when} step ${commit}`, async () => {
        const disk = RuntimeBackends.inMemory();
        const first = new Process(disk, { commit, when });
        const run = async (process: Process) =>
          await faultRuntime({
            backends: process.backends,
            tools: [tool("look", () => "found")],
            respond: ({ messages }) => {
              if (!messages.some(({ role }) => role === "tool")) return calls("look");
              return text(messages.some(({ content }) => content === BAD) ? GOOD : BAD);
            },
          });
        const dying = await run(first);
        const asked = { responseFormat: FORMAT, idempotencyKey: "k" };
        await dying.runTextTurn(SESSION, "Where?", asked).then(() => {}, () => {});
        assert.ok(first.dead);
        await using runtime = await run(new Process(disk));
        await runtime.recover();
        const turn: TurnResult = await runtime.runTextTurn(SESSION, "Where?", asked);
        assert.deepEqual([turn.success, turn.output, turn.iterations], [true, VALUE, 3]);
      });
    }
  }
});
