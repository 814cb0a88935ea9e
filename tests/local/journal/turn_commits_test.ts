/** What a turn of a whole runtime costs the store, counted in statements. */

import assert from "node:assert/strict";
import { countStatements } from "../../_support/count_statements.ts";
import { openRuntime, SESSION } from "../_support/open_backends.ts";
import { tempFolder } from "../_support/temp_folder.ts";

Deno.test("a durable text turn of a runtime is two commits and four changes", async () => {
  using folder = tempFolder();
  await using opened = await openRuntime(folder.path);
  await opened.runtime.runTextTurn(SESSION, "one");
  using counted = countStatements();
  await opened.runtime.runTextTurn(SESSION, "two");
  assert.equal(counted.commits(), 2);
  const changes = [...counted.runs].filter(([sql]) => !/^(BEGIN|COMMIT)/.test(sql));
  assert.equal(changes.reduce((sum, [, count]) => sum + count, 0), 4, JSON.stringify(changes));
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
