/**
 * A durable text turn of one session against two bare commits of the same disk, in rounds that alternate.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { median, rate, report } from "../figures.ts";
import { dataFolder, newSession, openRuntime, turnOf } from "./subject.ts";

const ROUNDS = 12;
const PER_ROUND = 200;
/** About what a step of a text turn stores. */
const ROW = "x".repeat(1000);

const folder = dataFolder();
const turns: number[] = [];
const bare: number[] = [];
{
  await using runtime = await openRuntime(join(folder, "durable"));
  using raw = openBare(join(folder, "bare.db"));
  const sessionId = await newSession(runtime);
  for (let i = 0; i < PER_ROUND; i++) await turnOf(runtime, sessionId);
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await perSecond(() => raw.twoCommits()));
    turns.push(await perSecond(() => turnOf(runtime, sessionId)));
  }
}
const shares = turns.map((turn, at) => turn / (bare[at] ?? 1));
report([
  rate({ name: "durable text turn / two bare commits", unit: "x", budget: { atLeast: 0.6 } }, [median(shares)]),
  rate({ name: "durable text turns, one session", unit: "/s" }, turns),
  rate({ name: "two bare commits", unit: "/s" }, bare),
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
