/** Events for tests of the screen, in the order and shape the runtime gives them. */

import {
  defineCapability,
  defineTool,
  type Event,
  InProcessRuntimeBuilder,
  type JsonObject,
  LlmSimConfig,
} from "@everruns/runtime";

type Turns = Parameters<typeof LlmSimConfig.scripted>[0];

/** Tools that need nothing: one prints and answers, one fails. */
const tools = defineCapability({
  id: "tools",
  name: "Tools",
  tools: [
    defineTool({
      name: "bash",
      description: "Runs a command.",
      parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
      effect: "pure",
      permissions: {},
      execute: ({ command }, { output }): JsonObject => {
        output("line\n");
        return { command: String(command), exit_code: command === "false" ? 1 : 0, stdout: "line\n", stderr: "" };
      },
    }),
    defineTool({
      name: "broken",
      description: "Fails.",
      parameters: { type: "object", properties: {} },
      effect: "pure",
      permissions: {},
      execute: () => {
        throw new Error("out of order");
      },
    }),
  ],
});

/** What a subscriber sees of turns that are run one after another, and what is stored of them. */
export async function recordTurns(
  inputs: readonly string[],
  replies: Turns,
): Promise<{ readonly live: readonly Event[]; readonly stored: readonly Event[] }> {
  await using runtime = await new InProcessRuntimeBuilder()
    .capability(tools)
    .llmSim(LlmSimConfig.scripted(replies))
    .singleSession((s) =>
      s.harness("coder", "Write code.").withCapability("tools").withCapability("session_file_system")
        .withCapability("stateless_todo_list")
    )
    .build();
  const id = runtime.defaultSessionId;
  const live: Event[] = [];
  const ending = new AbortController();
  const events = runtime.subscribe(id, { after: 0, signal: ending.signal });
  const reading = (async () => {
    for await (const event of events) live.push(event);
  })();
  for (const text of inputs) await runtime.runTextTurn(id, text);
  ending.abort();
  await reading;
  const stored: Event[] = [];
  const last = live.findLast(({ sequence }) => sequence !== undefined)?.sequence;
  for await (const event of runtime.subscribe(id, { after: 0 })) {
    stored.push(event);
    if (event.sequence === last) break;
  }
  return { live, stored };
}
