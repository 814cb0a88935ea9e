/**
 * One of several processes on a data folder: `child.ts FOLDER COMMAND ARGS...`.
 *
 * Prints one line when it is ready or done; `hold` runs until it is killed or its standard input ends.
 *
 * @module
 */

import { idFromSeed, type SessionId, type TaskId } from "@everruns/runtime";
import { LlmSimConfig } from "@everruns/runtime";
import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";

const [folder = "", command = "", ...args] = Deno.args;

/** The session every process knows. */
const SESSION: SessionId = idFromSeed("session", 1);

const slow = LlmSimConfig.echo().withLatency({ firstTokenMs: 600_000, tokenMs: 0 });
await using runtime = await new LocalRuntimeBuilder(new LocalProfile(folder))
  .llmSim(command === "hold" ? slow : LlmSimConfig.echo())
  .singleSession((session) => session.harness("assistant").sessionId(SESSION))
  .build();
const { taskRegistry, scheduleStore } = runtime.local;

switch (command) {
  case "hold": {
    const turn = runtime.startTurn(SESSION, "hold");
    await turn.accepted;
    console.log("ready");
    await turn.result;
    break;
  }
  case "append": {
    const [task = "", count = "0"] = args;
    for (let i = 0; i < Number(count); i++) {
      const appendArtifact = { name: `${Deno.pid}-${i}`, type: "text" };
      await taskRegistry.update(SESSION, task as TaskId, { appendArtifact });
      await taskRegistry.recordMessage(SESSION, task as TaskId, {
        direction: "outbound",
        content: [{ type: "text", text: `${Deno.pid}-${i}` }],
      });
    }
    console.log("done");
    break;
  }
  case "create": {
    const [task = ""] = args;
    const made = await taskRegistry.create({
      id: task as TaskId,
      sessionId: SESSION,
      kind: "note",
      displayName: `by ${Deno.pid}`,
    });
    console.log(made.displayName);
    break;
  }
  case "turns": {
    // A session that another process runs a turn of is tried again: that is what a busy session asks for.
    for (let done = 0; done < Number(args[0]);) {
      const ended = await runtime.runTextTurn(SESSION, `${Deno.pid}-${done}`).catch((error: { code?: string }) =>
        error.code
      );
      if (ended === "session_busy" || ended === "lease_lost") await new Promise((resolve) => setTimeout(resolve, 1));
      else if (typeof ended === "object" && ended.success) done++;
      else throw new Error(`the turn came to ${JSON.stringify(ended)}`);
    }
    console.log("done");
    break;
  }
  case "schedules": {
    await using _background = runtime.local.startBackground({ schedules: { pollIntervalMs: 5, batchSize: 1 } });
    console.log("ready");
    for (;;) {
      if (await scheduleStore.countActiveSchedules(SESSION) === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    break;
  }
  default:
    throw new Error(`unknown command ${command}`);
}
