/**
 * Durable text turns of 100 sessions at once: they share commits.
 *
 * @module
 */

import process from "node:process";
import { countStatements } from "../../_support/count_statements.ts";
import { cost, rate, report } from "../figures.ts";
import { dataFolder, newSession, openRuntime, turnOf } from "./subject.ts";

const SESSIONS = 100;
const WARM_UP = 3;
const ROUNDS = 12;
const TURNS_PER_ROUND = 10;

const samples: number[] = [];
const cpu: number[] = [];
let commits = 0;
{
  await using runtime = await openRuntime(dataFolder());
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => newSession(runtime)));
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    using counted = countStatements();
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await Promise.all(sessions.map(async (sessionId) => {
      for (let i = 0; i < TURNS_PER_ROUND; i++) await turnOf(runtime, sessionId);
    }));
    const milliseconds = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(before);
    commits = counted.commits() / (SESSIONS * TURNS_PER_ROUND);
    if (round < WARM_UP) continue;
    samples.push(1000 * SESSIONS * TURNS_PER_ROUND / milliseconds);
    cpu.push((user + system) / (SESSIONS * TURNS_PER_ROUND));
  }
}
report([
  rate({ name: `durable text turns, ${SESSIONS} sessions at once`, unit: "/s", budget: { atLeast: 3000 } }, samples),
  cost({ name: "commits of a turn, shared", unit: "" }, [commits]),
  cost({ name: "processor time of a turn, all threads", unit: "us" }, cpu),
]);
