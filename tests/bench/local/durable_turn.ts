/**
 * A durable text turn of one session against two bare commits of the same disk, in rounds that alternate.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { countStatements } from "../../_support/count_statements.ts";
import { cost, rate, report } from "../figures.ts";
import { dataFolder, newSession, openLateRuntime, openRuntime, turnOf } from "./subject.ts";

const WARM_UP = 300;
/** Short rounds, so that whatever else the disk has to do meets both sides of a ratio. */
const ROUNDS = 80;
const PER_ROUND = 25;
/** A third of what a step of a text turn stores: the bare commits are not to lose by it. */
const ROW = "x".repeat(1000);

const folder = dataFolder();
const turns: number[] = [];
const late: number[] = [];
const bare: number[] = [];
const cpu: number[] = [];
let commits = 0;
let changes = 0;
{
  await using runtime = await openRuntime(join(folder, "durable"));
  await using lateRuntime = await openLateRuntime(join(folder, "late"));
  using raw = openBare(join(folder, "bare.db"));
  const sessionId = await newSession(runtime);
  const lateId = await newSession(lateRuntime);
  for (let i = 0; i < WARM_UP; i++) {
    await turnOf(runtime, sessionId);
    await turnOf(lateRuntime, lateId);
    raw.twoCommits();
  }
  {
    using counted = countStatements();
    for (let i = 0; i < PER_ROUND; i++) await turnOf(runtime, sessionId);
    commits = counted.commits() / PER_ROUND;
    for (const [sql, count] of counted.runs) if (!/^(BEGIN|COMMIT)/.test(sql)) changes += count / PER_ROUND;
  }
  for (let round = 0; round < ROUNDS; round++) {
    const measures = [
      async () => void bare.push(await perSecond(() => raw.twoCommits())),
      async () => {
        const before = process.cpuUsage();
        turns.push(await perSecond(() => turnOf(runtime, sessionId)));
        const { user, system } = process.cpuUsage(before);
        cpu.push((user + system) / PER_ROUND);
      },
      async () => void late.push(await perSecond(() => turnOf(lateRuntime, lateId))),
    ];
    // In turns, so that neither always comes first.
    for (const measure of round % 2 === 0 ? measures : measures.reverse()) await measure();
  }
}
const [shares = [], lateShares = []] = [turns, late].map((rates) => rates.map((turn, at) => turn / (bare[at] ?? 1)));
report([
  cost({ name: "commits of a text turn", unit: "", budget: { atMost: 2 } }, [commits]),
  cost({ name: "changing statements of a text turn", unit: "" }, [changes]),
  rate({ name: "durable text turn / two bare commits", unit: "x", budget: { atLeast: 0.6 } }, shares),
  rate({ name: "the same, the model a turn of the event loop later", unit: "x" }, lateShares),
  rate({ name: "durable text turns, one session", unit: "/s" }, turns),
  rate({ name: "two bare commits", unit: "/s" }, bare),
  cost({ name: "processor time of a turn, all threads", unit: "us" }, cpu),
]);

async function perSecond(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < PER_ROUND; i++) await work();
  return 1000 * PER_ROUND / (performance.now() - startedAt);
}

function openBare(path: string): Disposable & { twoCommits(): void } {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode=WAL");
  db.exec("PRAGMA synchronous=FULL");
  db.exec("CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT) STRICT");
  const begin = db.prepare("BEGIN IMMEDIATE");
  const insert = db.prepare("INSERT INTO row (body) VALUES (?)");
  const commit = db.prepare("COMMIT");
  return {
    twoCommits: () => {
      for (let i = 0; i < 2; i++) {
        begin.run();
        insert.run(ROW);
        commit.run();
      }
    },
    [Symbol.dispose]: () => db.close(),
  };
}
