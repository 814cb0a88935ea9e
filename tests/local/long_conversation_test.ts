/** A conversation of 10,000 messages in SQLite goes on compacted, also after a restart; what is stored stays as it is. */

import assert from "node:assert/strict";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import type { ModelRequest } from "../../src/ports/driver.ts";
import { LONG, writeLong } from "../src/_support/long_conversation.ts";
import { type OpenRuntime, openRuntime, SESSION } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

Deno.test(`${LONG} messages on disk go on with compaction and infinity_context, and the summary outlives the process`, async () => {
  using folder = tempFolder();
  const requests: ModelRequest[] = [];
  const open = (): Promise<OpenRuntime> =>
    openRuntime(folder.path, {
      model: LlmSimConfig.fixed("What was said.").withRequestCapture(requests),
      capabilities: ["infinity_context", "compaction"],
    });
  let stored: string;
  let count: number;
  {
    await using opened = await open();
    const journal = opened.local.runtimeBackends.slots.journal!;
    await writeLong(journal, SESSION);
    const before = await journal.events(SESSION);
    [stored, count] = [JSON.stringify(before), before.length];
    assert.equal((await opened.runtime.runTextTurn(SESSION, "One more")).success, true);
  }
  await using opened = await open();
  assert.equal((await opened.runtime.runTextTurn(SESSION, "And another")).success, true);
  const questions = requests.filter(({ systemPrompt }) => systemPrompt.startsWith("You write the memory"));
  assert.deepEqual([questions.length, requests.length], [1, 3]);
  const [first, second] = requests.filter((request) => !questions.includes(request));
  assert.ok(first!.messages.length < 20);
  assert.deepEqual(second!.messages.slice(0, first!.messages.length), first!.messages);
  const journal = opened.local.runtimeBackends.slots.journal!;
  assert.ok(JSON.stringify(await journal.events(SESSION, { limit: count })) === stored, "what is stored has changed");
  assert.equal((await journal.messages(SESSION)).length, LONG + 4);
});
