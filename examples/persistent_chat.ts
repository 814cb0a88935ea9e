// deno run --no-prompt --allow-read=agent-data --allow-write=agent-data examples/persistent_chat.ts

/**
 * A chat that outlives the program: run it twice, and the second run goes on where the first one stopped.
 *
 * - Everything is kept in `./agent-data`; the two flags let the program touch that folder and nothing else.
 * - Say something of your own with words after the command: `... examples/persistent_chat.ts What did I say first?`
 * - Kill it at any moment: the next run first finishes the turn that was interrupted.
 *
 * The model is simulated and only echoes, so no key and no network is needed. For a live one replace `llmSim()` as
 * `examples/streaming_chat.ts` shows; the rest stays as it is.
 *
 * @module
 */

import { LlmSimConfig, textOf } from "@everruns/runtime";
import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
import { join } from "node:path";

/** A session of a fixed id goes on in every run; without one each run begins a new conversation. */
const SESSION = "session_00000000000000000000000000000001";

// A profile takes absolute paths only: where the data is must not depend on where the program was started by accident.
const profile = new LocalProfile(join(Deno.cwd(), "agent-data"));

// `await using` closes the runtime at the end: running turns end, the store is closed, the locks are given back.
await using runtime = await new LocalRuntimeBuilder(profile)
  .llmSim(LlmSimConfig.echo())
  .singleSession((session) => session.harness("assistant", "You are a helpful assistant.").sessionId(SESSION))
  .build();

for (const { result } of await runtime.recover()) {
  console.log(`A run was killed in the middle of a turn; finished it now: ${result?.response}`);
}

const earlier = await runtime.messages(SESSION);
console.log(earlier.length === 0 ? "A new conversation" : `Going on after ${earlier.length} messages`);
for (const message of earlier.slice(-4)) console.log(`  ${message.role}: ${textOf(message.content)}`);

const text = Deno.args.join(" ") || (earlier.length === 0 ? "Hello! Remember me." : "Hello again!");
const turn = await runtime.runTextTurn(SESSION, text);
console.log("Now");
console.log(`  user: ${text}`);
console.log(`  agent: ${turn.response}`);

console.log(`It is stored in ${profile.databasePath}. Run me again to go on.`);
