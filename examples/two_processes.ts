// deno run --no-prompt --allow-read=agent-data --allow-write=agent-data --allow-run=deno examples/two_processes.ts

/**
 * Two processes on one data folder, as with two terminals.
 *
 * A session's turns are run by one process at a time: whoever runs one holds the session's lease. Another process can
 * still open the folder, read the conversation and run turns of other sessions. The lease is a locked file, which the
 * system frees when its process dies, however it dies: nobody waits for a timeout to take over.
 *
 * The program starts itself a second time; that is all `--allow-run=deno` is for.
 *
 * @module
 */

import { isId, LlmSimConfig, SessionBusyError, type SessionId, textOf } from "@everruns/runtime";
import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const profile = new LocalProfile(join(Deno.cwd(), "agent-data"));

const [sessionOfChild = ""] = Deno.args;
if (isId("session", sessionOfChild)) await runLongTurn(sessionOfChild);
else await runBesideIt();

/** The second process: a turn whose model takes a minute. It finds the session in the folder by its id. */
async function runLongTurn(session: SessionId): Promise<void> {
  const slow = LlmSimConfig.echo().withLatency({ firstTokenMs: 60_000, tokenMs: 0 });
  await using runtime = await new LocalRuntimeBuilder(profile).llmSim(slow).build();
  const turn = runtime.startTurn(session, "Think about it for a minute.");
  await turn.accepted;
  console.log("accepted");
  await turn.result;
}

/** The first process. */
async function runBesideIt(): Promise<void> {
  await using runtime = await new LocalRuntimeBuilder(profile)
    .llmSim(LlmSimConfig.echo())
    .singleSession((session) => session.harness("assistant", "You are a helpful assistant."))
    .build();
  const shared = runtime.defaultSessionId;

  console.log("1. Another process runs a turn of a session");
  const grants = ["--allow-read=agent-data", "--allow-write=agent-data"];
  const args = ["run", "--no-prompt", ...grants, fileURLToPath(import.meta.url), shared];
  await using child = new Deno.Command("deno", { args, stdout: "piped" }).spawn();
  await child.stdout.getReader().read(); // its turn is accepted: from now on it would survive a crash

  console.log("2. Meanwhile this one reads that session");
  for (const { role, content } of await runtime.messages(shared)) console.log(`   ${role}: ${textOf(content)}`);

  console.log("3. It is told at once that it cannot run a turn there");
  try {
    await runtime.runTextTurn(shared, "Me too.");
  } catch (error) {
    if (!(error instanceof SessionBusyError)) throw error;
    console.log(`   ${error.code}: ${error.message}`);
  }

  console.log("4. A session of its own works");
  const { harnessId } = (await runtime.loadContext(shared)).session;
  const own = await runtime.createSession({ harnessId });
  console.log(`   agent: ${(await runtime.runTextTurn(own.id, "Hello from here.")).response}`);

  console.log("5. The other process is killed; its turn is taken over and finished here");
  child.kill("SIGKILL");
  await child.status;
  const [recovered] = await runtime.recover({ sessions: [shared] });
  console.log(`   ${recovered?.result?.status}: ${recovered?.result?.response}`);

  console.log("6. And the session goes on");
  console.log(`   agent: ${(await runtime.runTextTurn(shared, "Now me.")).response}`);
}
