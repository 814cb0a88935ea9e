/**
 * One more turn after 10 and after 10,000 messages, in turns that alternate.
 *
 * @module
 */

import {
  idFromSeed,
  InMemoryMessageStore,
  type InProcessRuntime,
  LlmSimConfig,
  type Message,
  RuntimeBackends,
  type SessionId,
} from "@everruns/runtime";
import { cost, median, report, timed } from "./figures.ts";
import { mustAnswer, newSession, startRuntime } from "./subject.ts";

const SHORT = 10;
const LONG = 10_000;
const WARM_UP = 1000;
const ROUNDS = 400;
/** Sessions are changed for fresh ones this often, so that the short ones stay short. */
const TURNS_PER_SESSION = 20;
const TEXT = "x".repeat(100);

const store = new InMemoryMessageStore();
const backends = RuntimeBackends.inMemory().withMessageStore(store);
const samples: Record<"short" | "long" | "shortLoad" | "longLoad", number[]> = {
  short: [],
  long: [],
  shortLoad: [],
  longLoad: [],
};
{
  await using runtime = await startRuntime(LlmSimConfig.fixed("ok"), { backends });
  for (let i = 0; i < WARM_UP; i++) await turnOf(runtime, runtime.defaultSessionId);
  for (let done = 0; done < ROUNDS; done += TURNS_PER_SESSION) {
    const short = await seededSession(runtime, SHORT);
    const long = await seededSession(runtime, LONG);
    samples.shortLoad.push(await turnOf(runtime, short));
    samples.longLoad.push(await turnOf(runtime, long));
    for (let i = 0; i < TURNS_PER_SESSION; i++) {
      // Whoever comes second may pay for the first one's garbage, so they take turns.
      const order = i % 2 === 0 ? [short, long] : [long, short];
      for (const sessionId of order) {
        samples[sessionId === short ? "short" : "long"].push(await turnOf(runtime, sessionId));
      }
    }
  }
}
await assertWholeHistoryIsSent();

const ratio = median(samples.long) / median(samples.short);
report([
  cost({ name: `turn after ${LONG} messages / after ${SHORT}`, unit: "x", budget: { atMost: 1.1 } }, [ratio]),
  cost({ name: `turn after ${SHORT} messages`, unit: "us" }, samples.short),
  cost({ name: `turn after ${LONG} messages`, unit: "us" }, samples.long),
  cost({ name: `first turn after ${SHORT} stored messages`, unit: "us" }, samples.shortLoad),
  cost({ name: `first turn after ${LONG} stored messages (loads them)`, unit: "us" }, samples.longLoad),
]);

async function turnOf(runtime: InProcessRuntime, sessionId: SessionId): Promise<number> {
  return 1000 * await timed(async () => mustAnswer(await runtime.runTextTurn(sessionId, "hi"), "ok"));
}

async function seededSession(runtime: InProcessRuntime, count: number): Promise<SessionId> {
  const sessionId = await newSession(runtime);
  await store.storeMessages(sessionId, history(count));
  return sessionId;
}

function history(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    id: idFromSeed("message", index + 1),
    role: index % 2 === 0 ? "user" : "agent",
    content: [{ type: "text", text: `${index} ${TEXT}` }],
    createdAt: index,
  }));
}

/** The simulated model never looks at the conversation: this shows that it was there to be looked at. */
async function assertWholeHistoryIsSent(): Promise<void> {
  const captured: (readonly unknown[])[] = [];
  const config = LlmSimConfig.fixed("ok").withMessageCapture((messages) => captured.push(messages));
  await using runtime = await startRuntime(config, { backends });
  const sessionId = await seededSession(runtime, LONG);
  await turnOf(runtime, sessionId);
  await turnOf(runtime, sessionId);
  const counts = captured.map((messages) => messages.length);
  if (counts[0] !== LONG + 1 || counts[1] !== LONG + 3) throw new Error(`the model was given ${counts} messages`);
}
