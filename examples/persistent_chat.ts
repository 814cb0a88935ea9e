// deno run --no-prompt --allow-read=agent-data --allow-write=agent-data examples/persistent_chat.ts

/**
 * A chat that goes on where it stopped: run it twice, or with a text of your own as argument.
 *
 * Everything is kept in `./agent-data/local.db`, and the program may touch nothing but that folder. Kill it at any
 * moment: the next run first finishes the turn that was interrupted.
 *
 * @module
 */

import { LlmSimConfig } from "@everruns/runtime";
import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
import { join } from "node:path";

const SESSION = "session_00000000000000000000000000000001";
const profile = new LocalProfile(join(Deno.cwd(), "agent-data"));

await using runtime = await new LocalRuntimeBuilder(profile)
  .llmSim(LlmSimConfig.echo())
  .singleSession((session) => session.harness("assistant", "You are helpful.").sessionId(SESSION))
  .build();

for (const { sessionId, result } of await runtime.recover()) {
  console.log(`finished the interrupted turn of ${sessionId}: ${result?.status}`);
}

const earlier = await runtime.messages(SESSION);
console.log(earlier.length === 0 ? "a new conversation" : `the conversation so far has ${earlier.length} messages`);

const text = Deno.args.join(" ") || `Hello number ${earlier.length / 2 + 1}`;
const turn = await runtime.runTextTurn(SESSION, text);
console.log(`you:       ${text}`);
console.log(`assistant: ${turn.response}`);
console.log(`run it again to go on; needed: ${profile.requiredPermissions().toFlags().join(" ")}`);
