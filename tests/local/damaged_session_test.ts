/** One damaged row takes its session out of service and nothing else; what is stored of it is not touched. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SessionId } from "../../src/records/ids.ts";
import type { InProcessRuntime } from "../../src/runtime/in_process_runtime.ts";
import { openRuntime } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

const DAMAGES: readonly (readonly [what: string, sql: string])[] = [
  ["message", "UPDATE step SET talk = replace(talk, 'remember', 'remembes') WHERE session_id = ?"],
  ["event without a message", "UPDATE step SET body = replace(body, 'turn', 'tusn') WHERE session_id = ?"],
  ["record", "UPDATE record SET body = replace(body, 'seeded', 'sefded') WHERE id = ?"],
  ["newest sequence", "UPDATE session_head SET last_sequence = 2 WHERE session_id = ?"],
];

for (const [what, sql] of DAMAGES) {
  Deno.test(`a session with a damaged ${what} is refused as corrupt_record, and another one goes on`, async () => {
    using folder = tempFolder();
    const { damaged, other } = await makeTwo(folder.path);
    {
      using db = new DatabaseSync(join(folder.path, "local.db"));
      assert.ok(Number(db.prepare(sql).run(damaged).changes) > 0);
    }
    await using opened = await openRuntime(folder.path);
    const { runtime } = opened;
    for (let time = 0; time < 2; time++) {
      await assert.rejects(readAndRun(runtime, damaged), { code: "corrupt_record" });
    }
    assert.equal((await runtime.runTextTurn(other, "and on")).success, true);
    assert.equal((await runtime.messages(other)).length, 4);
    assert.ok((await runtime.listSessions()).some(({ id }) => id === other));
  });
}

/** Two sessions with a turn each. */
async function makeTwo(folder: string): Promise<{ damaged: SessionId; other: SessionId }> {
  await using opened = await openRuntime(folder);
  const { runtime } = opened;
  const { harnessId } = (await runtime.listSessions())[0]!;
  const damaged = (await runtime.createSession({ harnessId, title: "seeded" })).id;
  const other = (await runtime.createSession({ harnessId, title: "other" })).id;
  for (const id of [damaged, other]) await runtime.runTextTurn(id, "remember");
  return { damaged, other };
}

/** Everything a user interface does with a session; each part may be the one that comes upon the damage. */
async function readAndRun(
  runtime: InProcessRuntime,
  sessionId: SessionId,
): Promise<void> {
  for await (const event of runtime.subscribe(sessionId, { after: 0 })) if (event.type === "session.idled") break;
  await runtime.runTextTurn(sessionId, "again");
}
