/**
 * A program over local backends: `child.ts COMMAND DATA_DIR WORKSPACE_ROOT`; prints what it came to as JSON.
 *
 * @module
 */

import { defineCapability, defineTool, idFromSeed, LlmSimConfig, RuntimeBackends, Secret } from "@everruns/runtime";
import { LocalBackends, LocalProfile, LocalRuntimeBuilder, PermissionMissingError } from "@everruns/runtime/local";

const [command = "", dataDir = "", workspaceRoot = ""] = Deno.args;
const profile = new LocalProfile(dataDir).withWorkspaceRoot(workspaceRoot);
const SESSION = idFromSeed("session", 1);

const builds = defineCapability({
  id: "builds",
  name: "Builds",
  tools: [defineTool({
    name: "build_project",
    description: "Builds.",
    parameters: { type: "object" },
    effect: "idempotent",
    hints: { supportsBackground: true },
    execute: () => "built",
  })],
});

const CALLS = [
  { name: "write_file", arguments: { path: "/notes/a.txt", content: "hello" } },
  { name: "spawn_background", arguments: { tool: "build_project", args: {}, title: "Build" } },
  { name: "spawn_agent", arguments: { name: "reader", instructions: "Read.", target: { type: "subagent" } } },
  { name: "create_schedule", arguments: { description: "tea", cron_expression: "0 9 * * *" } },
  { name: "grep_files", arguments: { pattern: "hello" } },
  { name: "list_directory", arguments: {} },
  { name: "list_tasks", arguments: {} },
];

const CAPABILITIES = [
  "builds",
  "session_file_system",
  "background_execution",
  "subagents",
  "session_tasks",
  "session_schedule",
];

const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Everything a program does with a workspace on the real disk. */
  workspace: async () => {
    await using runtime = await builder().realDiskWorkspace().build();
    const failed: string[] = [];
    const events = runtime.subscribe(SESSION);
    await using _background = runtime.local.startBackground({ schedules: { pollIntervalMs: 10 } });
    await runtime.local.scheduleStore.createSchedule({ sessionId: SESSION, description: "fired", scheduledAt: 1 });
    const turn = await runtime.runTextTurn(SESSION, "go");
    // The turn's own, the schedule's, and one for the end of each of the two tasks.
    let inputs = 0;
    for await (const event of events) {
      if (event.type === "tool.completed" && event.data.error !== undefined) failed.push(JSON.stringify(event.data));
      if (event.type === "input.message" && ++inputs === 4) break;
    }
    const tasks = await runtime.local.taskRegistry.list(SESSION);
    const file = await runtime.readFile(SESSION, "/notes/a.txt");
    return { success: turn.success, failed, tasks: tasks.map(({ state }) => state).sort(), content: file.content };
  },
  /** The backends alone, twice in one folder: files, values and secrets in the store. */
  store: async () => {
    const secretKey = new Uint8Array(32).fill(1);
    for (let time = 0; time < 2; time++) {
      await using local = await LocalBackends.open(profile, RuntimeBackends.inMemory(), { secretKey });
      const { storageStore } = local.runtimeBackends.slots;
      await storageStore?.setValue(SESSION, "color", "blue");
      await storageStore?.setSecret(SESSION, "token", new Secret("s3cret"));
      await local.taskRegistry.create({ sessionId: SESSION, kind: "note", displayName: "note" });
      local.checkpoint();
    }
    await using runtime = await builder().build();
    await runtime.runTextTurn(SESSION, "go");
    await using local = await LocalBackends.open(profile);
    return { tasks: (await local.taskRegistry.list(SESSION)).length > 1 };
  },
  /** Opens what needs both folders. */
  openWorkspace: () => refusalOf(async () => await (await builder().realDiskWorkspace().build()).close()),
  /** Opens what needs the data folder alone. */
  openStore: () => refusalOf(async () => await (await LocalBackends.open(profile)).close()),
};

console.log(JSON.stringify(await commands[command]?.()));

function builder(): LocalRuntimeBuilder {
  return new LocalRuntimeBuilder(profile)
    .capability(builds)
    .llmSim(LlmSimConfig.echo().withConditionalToolCalls("go", CALLS))
    .singleSession((session) => {
      session.harness("assistant", "You are helpful.").sessionId(SESSION);
      for (const id of CAPABILITIES) session.withCapability(id);
    });
}

async function refusalOf(open: () => Promise<void>): Promise<unknown> {
  try {
    await open();
    return "opened";
  } catch (error) {
    if (!(error instanceof PermissionMissingError)) throw error;
    return { code: error.code, message: error.message, flags: error.flags };
  }
}
