/**
 * Durable text turns of 100 sessions at once: they share commits.
 *
 * @module
 */

import { rate, report } from "../figures.ts";
import { dataFolder, newSession, openRuntime, turnOf } from "./subject.ts";

const SESSIONS = 100;
const ROUNDS = 10;
const TURNS_PER_ROUND = 10;

const samples: number[] = [];
{
  await using runtime = await openRuntime(dataFolder());
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => newSession(runtime)));
  for (let round = 0; round <= ROUNDS; round++) {
    const startedAt = performance.now();
    await Promise.all(sessions.map(async (sessionId) => {
      for (let i = 0; i < TURNS_PER_ROUND; i++) await turnOf(runtime, sessionId);
    }));
    // The first round warms up.
    if (round > 0) samples.push(1000 * SESSIONS * TURNS_PER_ROUND / (performance.now() - startedAt));
  }
}
report([
  rate({ name: `durable text turns, ${SESSIONS} sessions at once`, unit: "/s", budget: { atLeast: 3000 } }, samples),
]);
