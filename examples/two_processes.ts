// deno run --no-prompt --allow-read=agent-data --allow-write=agent-data --allow-run=deno examples/two_processes.ts

/**
 * Two processes on one data folder, as with two terminals.
 *
 * A child process runs a long turn. Meanwhile this one reads the conversation, is told who holds the session when it
 * wants a turn too, and runs a turn of another session. Then the child is killed: its turn is taken over at once and
 * finished here. `--allow-run=deno` is only for starting the child.
 *
 * @module
 */

import { LlmSimConfig, SessionBusyError } from "@everruns/runtime";
import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SHARED = "session_00000000000000000000000000000001";
const OWN = "session_00000000000000000000000000000002";

function builder(sessionId: typeof SHARED | typeof OWN, model: LlmSimConfig): LocalRuntimeBuilder {
  return new LocalRuntimeBuilder(new LocalProfile(join(Deno.cwd(), "agent-data")))
    .llmSim(model)
    .singleSession((session) => session.harness("assistant", "You are helpful.").sessionId(sessionId));
}

if (Deno.args[0] === "child") await runLongTurn();
else await runBesideIt();

/** The child: a turn whose model takes its time. */
async function runLongTurn(): Promise<void> {
  await using runtime = await builder(SHARED, LlmSimConfig.echo().withLatency({ firstTokenMs: 60_000, tokenMs: 0 }))
    .build();
  const turn = runtime.startTurn(SHARED, "This takes a while.");
  await turn.accepted;
  console.log("accepted");
  await turn.result;
}

async function runBesideIt(): Promise<void> {
  const grants = ["--allow-read=agent-data", "--allow-write=agent-data"];
  const args = ["run", "--no-prompt", ...grants, fileURLToPath(import.meta.url), "child"];
  await using child = new Deno.Command("deno", { args, stdout: "piped" }).spawn();
  await child.stdout.getReader().read();

  await using runtime = await builder(OWN, LlmSimConfig.echo()).build();
  console.log(`the other process's conversation: ${(await runtime.messages(SHARED)).length} message`);
  try {
    await runtime.runTextTurn(SHARED, "Me too.");
  } catch (error) {
    if (!(error instanceof SessionBusyError)) throw error;
    console.log(`its session is busy: ${error.holder.split("_")[0]} holds it`);
  }
  const own = await runtime.runTextTurn(OWN, "A session of my own.");
  console.log(`a turn of another session: ${own.response}`);

  const killedAt = performance.now();
  child.kill("SIGKILL");
  await child.status;
  const [recovered] = await runtime.recover();
  const took = Math.round(performance.now() - killedAt);
  console.log(
    `the killed process's turn: ${recovered?.result?.response} (${took < 1000 ? "in less than a second" : took})`,
  );
}
