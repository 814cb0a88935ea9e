/**
 * What a turn adds to the store, early and late in one session.
 *
 * @module
 */

import { join } from "node:path";
import { cost, report } from "../figures.ts";
import { dataFolder, newSession, openRuntime, turnOf } from "./subject.ts";

const folder = dataFolder();
const marks = new Map<number, number>();
{
  await using runtime = await openRuntime(folder, { durability: "process-crash" });
  const sessionId = await newSession(runtime);
  for (let turn = 1; turn <= 10_000; turn++) {
    await turnOf(runtime, sessionId);
    if (turn === 10 || turn === 110 || turn === 9_900 || turn === 10_000) {
      runtime.local.checkpoint();
      marks.set(turn, Deno.lstatSync(join(folder, "local.db")).size);
    }
  }
}
const early = growth(10, 110);
const late = growth(9_900, 10_000);
report([
  cost({ name: "bytes of turns 9,900-10,000 / of turns 10-110", unit: "x", budget: { atMost: 1.1 } }, [late / early]),
  cost({ name: "bytes a turn adds, turns 10-110", unit: "B" }, [early]),
  cost({ name: "bytes a turn adds, turns 9,900-10,000", unit: "B" }, [late]),
]);

function growth(from: number, to: number): number {
  return ((marks.get(to) ?? 0) - (marks.get(from) ?? 0)) / (to - from);
}
