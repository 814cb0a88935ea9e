/** What a turn of a whole runtime costs the store, counted in statements. */

import assert from "node:assert/strict";
import type { ModelEvent } from "../../../src/ports/driver.ts";
import { countStatements } from "../../_support/count_statements.ts";
import { faultRuntime, type Respond, text, tick } from "../../src/_support/faults.ts";
import { LocalBackends } from "../../../local/backends.ts";
import { LocalProfile } from "../../../local/profile.ts";
import { openRuntime, SESSION } from "../_support/open_backends.ts";
import { tempFolder } from "../_support/temp_folder.ts";

Deno.test("a durable text turn whose model answers at once is one commit and four changes", async () => {
  assert.deepEqual(await costOfTurn(() => text("ok")), { commits: 1, changes: 4 });
});

Deno.test("a durable text turn whose model takes its time is two commits and four changes", async () => {
  const later = async function* (): AsyncGenerator<ModelEvent> {
    await tick();
    yield* text("ok");
  };
  assert.deepEqual(await costOfTurn(later), { commits: 2, changes: 4 });
});

Deno.test("text turns of many sessions at once share commits", async () => {
  using folder = tempFolder();
  await using opened = await openRuntime(folder.path);
  const [{ harnessId } = assert.fail("no session")] = await opened.runtime.listSessions();
  const made = await Promise.all(Array.from({ length: 10 }, () => opened.runtime.createSession({ harnessId })));
  using counted = countStatements();
  await Promise.all(made.map(({ id }) => opened.runtime.runTextTurn(id, "one")));
  assert.ok(counted.commits() <= 4, `${counted.commits()} commits for 10 turns`);
});

/** What the second turn of a session costs. */
async function costOfTurn(respond: Respond): Promise<{ commits: number; changes: number }> {
  using folder = tempFolder();
  await using local = await LocalBackends.open(new LocalProfile(folder.path));
  await using runtime = await faultRuntime({ respond, backends: local.runtimeBackends });
  await runtime.runTextTurn(SESSION, "one");
  using counted = countStatements();
  await runtime.runTextTurn(SESSION, "two");
  let changes = 0;
  for (const [sql, count] of counted.runs) if (!/^(BEGIN|COMMIT)/.test(sql)) changes += count;
  return { commits: counted.commits(), changes };
}
