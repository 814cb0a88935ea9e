/**
 * One text turn: in a session of its own, again and again in one session, and with somebody who watches.
 *
 * @module
 */

import { type InProcessRuntime, LlmSimConfig, type SessionId } from "@everruns/runtime";
import { cost, type Figure, report, timed } from "./figures.ts";
import { mustAnswer, newSession, startRuntime } from "./subject.ts";

const WARM_UP = 2000;
const TURNS = 4000;
const BUDGET = { atMost: 40 };

report([
  await measure({ name: "text turn, new session", unit: "us", budget: BUDGET }, newSession),
  await measure({ name: "text turn, same session", unit: "us", budget: BUDGET }, sameSession),
  await measure({ name: "text turn, new session, one subscriber", unit: "us" }, watchedSession),
]);

async function measure(
  caption: Parameters<typeof cost>[0],
  sessionOf: (runtime: InProcessRuntime) => Promise<SessionId>,
): Promise<Figure> {
  await using runtime = await startRuntime(LlmSimConfig.fixed("ok"));
  const samples: number[] = [];
  for (let i = 0; i < WARM_UP + TURNS; i++) {
    const sessionId = await sessionOf(runtime);
    const milliseconds = await timed(async () => mustAnswer(await runtime.runTextTurn(sessionId, "hi"), "ok"));
    if (i >= WARM_UP) samples.push(milliseconds * 1000);
  }
  return cost(caption, samples);
}

function sameSession(runtime: InProcessRuntime): Promise<SessionId> {
  return Promise.resolve(runtime.defaultSessionId);
}

async function watchedSession(runtime: InProcessRuntime): Promise<SessionId> {
  const sessionId = await newSession(runtime);
  void watch(runtime, sessionId);
  return sessionId;
}

async function watch(runtime: InProcessRuntime, sessionId: SessionId): Promise<void> {
  for await (const event of runtime.subscribe(sessionId)) if (event.type === "session.idled") break;
}
