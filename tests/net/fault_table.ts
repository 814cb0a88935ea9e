/**
 * What can go wrong between a driver and its provider, and what must come of it: the same table for every driver.
 *
 * A driver is tried with recorded streams of its protocol. Needs `--allow-net=127.0.0.1`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ProviderError } from "../../src/errors.ts";
import type { Driver, ModelEvent, ModelRequest } from "../../src/ports/driver.ts";
import { bytesOf, rechunk, sizesFrom } from "../_support/rechunk.ts";
import { type WireReply, WireServer } from "../_support/wire_server.ts";

/** A reply as the provider streams it. */
export interface RecordedStream {
  readonly name: string;
  /** The events with their blank lines. */
  readonly pieces: readonly string[];
  /** Index of the piece with the protocol's terminal event: with it the reply is complete, whatever follows. */
  readonly terminal: number;
  /** Index of the piece from which on a clean end of the stream completes the reply. @default {terminal} */
  readonly endable?: number;
  /** What the driver must yield, apart from `activity`. */
  readonly events: readonly ModelEvent[];
}

/** A driver and what it is tried with. */
export interface DriverUnderTest {
  readonly name: string;
  /** Makes the driver for a server at an origin such as `http://127.0.0.1:4000`. */
  create(origin: string): Driver | Promise<Driver>;
  readonly request: ModelRequest;
  readonly recordings: readonly [RecordedStream, ...RecordedStream[]];
}

/** What an error must look like. */
export interface ExpectedFailure {
  readonly code: string;
  readonly retryable: boolean;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

interface Fault {
  readonly name: string;
  readonly reply: (recording: RecordedStream) => WireReply;
  readonly expected: ExpectedFailure;
}

const SSE = { "content-type": "text/event-stream; charset=utf-8" };
const DROPPED: ExpectedFailure = { code: "provider_unavailable", retryable: true };

const FAULTS: readonly Fault[] = [
  { name: "the connection is closed without an answer", reply: () => ({ begin: "close" }), expected: DROPPED },
  {
    name: "a page comes with status 200 instead of a stream",
    reply: () => ({ headers: { "content-type": "text/html" }, pieces: ["<html>Sign in to this network</html>"] }),
    expected: { ...DROPPED, status: 200 },
  },
  {
    name: "a body with status 200 is empty",
    reply: () => ({ headers: SSE, framing: "length" }),
    expected: DROPPED,
  },
  { name: "a stream ends before its first event", reply: () => ({ headers: SSE }), expected: DROPPED },
  {
    name: "an event is not JSON",
    reply: ({ pieces }) => ({ headers: SSE, pieces: [...pieces.slice(0, 1), 'data: {"type": nonsense}\n\n'] }),
    expected: DROPPED,
  },
  {
    name: "the answer redirects to another place",
    reply: () => ({ status: 307, headers: { location: "http://127.0.0.1:9/elsewhere" }, framing: "length" }),
    expected: { code: "provider_misconfigured", retryable: false, status: 307 },
  },
  {
    name: "a line does not end",
    reply: ({ pieces }) => ({ headers: SSE, pieces: endless(pieces[0] ?? "", "data: ", "x".repeat(65_536)) }),
    expected: { code: "provider_unavailable", retryable: false },
  },
  {
    name: "a stream does not end",
    reply: () => ({ headers: SSE, pieces: endless("", "", `: ${"x".repeat(65_000)}\n\n`) }),
    expected: { code: "provider_unavailable", retryable: false },
  },
  ...statuses(),
];

function statuses(): Fault[] {
  const table: readonly [status: number, code: string, retryable: boolean][] = [
    [400, "provider_rejected_request", false],
    [401, "provider_misconfigured", false],
    [403, "provider_misconfigured", false],
    [404, "provider_rejected_request", false],
    [408, "provider_unavailable", true],
    [409, "provider_unavailable", true],
    [413, "request_too_large", false],
    [422, "provider_rejected_request", false],
    [429, "provider_rate_limited", true],
    [500, "provider_unavailable", true],
    [501, "provider_rejected_request", false],
    [502, "provider_unavailable", true],
    [503, "provider_unavailable", true],
    [529, "provider_unavailable", true],
  ];
  return table.map(([status, code, retryable]) => ({
    name: `the status is ${status}`,
    reply: () => ({
      status,
      headers: { "content-type": "application/json", "retry-after": "7" },
      framing: "length",
      pieces: ['{"type":"error","error":{"type":"some_error","message":"because"}}'],
    }),
    expected: { code, retryable, status, retryAfterMs: 7000 },
  }));
}

/** Registers the tests of the whole table for a driver. */
export function testFaults(subject: DriverUnderTest): void {
  const [first] = subject.recordings;
  for (const recording of subject.recordings) {
    testRecording(subject, recording);
  }
  for (const fault of FAULTS) {
    Deno.test(`${subject.name}: fails as ${fault.expected.code} when ${fault.name}`, async () => {
      await using server = await WireServer.start(fault.reply(first));
      const outcome = await collect(await subject.create(server.origin), subject.request);
      assertFailed(outcome, fault.expected);
      assert.equal(server.count, 1, "one call is one request");
    });
  }
  testAborts(subject, first);
}

function testRecording(subject: DriverUnderTest, recording: RecordedStream): void {
  const { pieces, events } = recording;
  const whole = bytesOf(pieces);

  Deno.test(`${subject.name}: "${recording.name}" gives the same events however it is cut into chunks`, async () => {
    const chunkings = [pieces, rechunk(whole, [1]), ...[1, 2, 3].map((seed) => rechunk(whole, sizesFrom(seed, 40)))];
    await using server = await WireServer.start((index) => ({ headers: SSE, pieces: chunkings[index] ?? [] }));
    const driver = await subject.create(server.origin);
    for (const _ of chunkings) assert.deepEqual(await collect(driver, subject.request), { events });
  });

  for (const framing of ["chunked", "close"] as const) {
    for (const end of ["cut", "reset"] as const) {
      // Only here the client cannot tell that something is missing.
      const clean = framing === "close" && end === "cut";
      const safe = clean ? recording.endable ?? recording.terminal : recording.terminal;
      const how = clean ? "closed" : `${end} in the middle of ${framing} framing`;
      Deno.test(`${subject.name}: "${recording.name}" never counts as complete when ${how} before its end`, async () => {
        await using server = await WireServer.start((index) => ({
          headers: SSE,
          framing,
          end,
          pieces: pieces.slice(0, index),
        }));
        const driver = await subject.create(server.origin);
        for (let sent = 0; sent <= safe; sent++) {
          assertFailed(await collect(driver, subject.request), DROPPED, `after ${sent} events`);
        }
      });
    }
  }

  Deno.test(`${subject.name}: "${recording.name}" is complete once its terminal event arrived`, async () => {
    const sent = pieces.slice(0, recording.terminal + 1);
    await using server = await WireServer.start({ headers: SSE, end: "stall", pieces: sent });
    const driver = await subject.create(server.origin);
    assert.deepEqual(await collect(driver, subject.request), { events });
    await server.exchange(0).closed;
  });
}

function testAborts(subject: DriverUnderTest, recording: RecordedStream): void {
  const reason = new Error("not wanted any more");

  Deno.test(`${subject.name}: an abort before the headers ends the call and closes the connection`, async () => {
    await using server = await WireServer.start({ begin: "stall" });
    const driver = await subject.create(server.origin);
    const abort = new AbortController();
    const outcome = collect(driver, subject.request, abort.signal);
    await server.exchange(0).request;
    abort.abort(reason);
    assert.deepEqual(await outcome, { events: [], thrown: reason });
    await server.exchange(0).closed;
  });

  Deno.test(`${subject.name}: an abort while an error body stalls ends the call and closes the connection`, async () => {
    await using server = await WireServer.start({ status: 500, end: "stall", pieces: ["{"] });
    const driver = await subject.create(server.origin);
    const abort = new AbortController();
    const outcome = collect(driver, subject.request, abort.signal);
    await server.exchange(0).request;
    abort.abort(reason);
    assert.equal((await outcome).thrown, reason);
    await server.exchange(0).closed;
  });

  Deno.test(`${subject.name}: an abort in the middle of a stream throws its reason and closes the connection`, async () => {
    for (let sent = 1; sent <= recording.terminal; sent++) {
      await using server = await WireServer.start({
        headers: SSE,
        end: "stall",
        pieces: recording.pieces.slice(0, sent),
      });
      const driver = await subject.create(server.origin);
      const abort = new AbortController();
      const stream = driver.stream(subject.request, { signal: abort.signal })[Symbol.asyncIterator]();
      // Every piece gives at least one event, so the stream waits for more after this.
      for (let seen = 0; seen < sent; seen++) assert.equal((await stream.next()).done, false);
      const rest = drain(stream);
      abort.abort(reason);
      assert.equal((await rest).thrown, reason);
      await server.exchange(0).closed;
    }
  });

  Deno.test(`${subject.name}: a call with an aborted signal sends nothing`, async () => {
    await using server = await WireServer.start({ begin: "close" });
    const driver = await subject.create(server.origin);
    assert.equal((await collect(driver, subject.request, AbortSignal.abort(reason))).thrown, reason);
    assert.equal(server.count, 0);
  });

  Deno.test(`${subject.name}: leaving a stream early closes the connection`, async () => {
    await using server = await WireServer.start({ headers: SSE, end: "stall", pieces: recording.pieces.slice(0, 1) });
    const driver = await subject.create(server.origin);
    for await (const _ of driver.stream(subject.request, { signal: new AbortController().signal })) break;
    await server.exchange(0).closed;
  });
}

/** What a call came to: the events apart from `activity`, and what was thrown. */
export interface Outcome {
  readonly events: readonly ModelEvent[];
  readonly thrown?: unknown;
}

/** Makes a call and collects everything it yields. */
export function collect(
  driver: Driver,
  request: ModelRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  return drain(driver.stream(request, { signal })[Symbol.asyncIterator]());
}

async function drain(stream: AsyncIterator<ModelEvent>): Promise<Outcome> {
  const events: ModelEvent[] = [];
  try {
    for (let step = await stream.next(); step.done !== true; step = await stream.next()) {
      if (step.value.type !== "activity") events.push(step.value);
    }
    return { events };
  } catch (thrown) {
    return { events, thrown };
  }
}

/** Asserts that a call failed as expected and never said that it was done. */
export function assertFailed(outcome: Outcome, expected: ExpectedFailure, where = ""): void {
  assert.deepEqual(outcome.events.filter((event) => event.type === "done"), [], `${where}: it was done`);
  const { thrown } = outcome;
  assert.ok(thrown instanceof ProviderError, `${where}: it threw ${String(thrown)}`);
  const { code, retryable, status, retryAfterMs } = thrown;
  assert.deepEqual(
    { code, retryable, status: expected.status && status, retryAfterMs: expected.retryAfterMs && retryAfterMs },
    {
      code: expected.code,
      retryable: expected.retryable,
      status: expected.status,
      retryAfterMs: expected.retryAfterMs,
    },
    `${where}: ${thrown.message}`,
  );
}

function* endless(...[first, second, rest]: readonly [string, string, string]): Generator<string> {
  yield first;
  yield second;
  while (true) yield rest;
}
