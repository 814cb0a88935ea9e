// deno run --no-prompt --allow-run=bash examples/bash_and_hooks.ts

/**
 * A model with a real shell, and a hook of the user that says which commands it may not run.
 *
 * `--allow-run=bash` is all this program is granted; a command may do whatever the user may.
 *
 * @module
 */

import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
import { bashHooks, createBash } from "@everruns/runtime/bash";
import { createUserHooks } from "@everruns/runtime/safety";

// Commands get this environment and nothing of our own, so no key of ours either.
const env = { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };
const cwd = ".";

/** Reads the call as JSON and forbids what looks like a push; any program could stand here. */
const GUARD = `
read -r call
if [[ $call == *"git push"* ]]; then echo '{"decision":"block","reason":"pushing is for people"}'; fi
`;

function bash(command: string) {
  return { name: "bash", arguments: { command } };
}

await using runtime = await new InProcessRuntimeBuilder()
  .llmSim(LlmSimConfig.scripted([
    { type: "tool_calls", toolCalls: [bash("for i in 1 2 3; do echo step $i; done"), bash("git push --force")] },
    "Done, but you have to push yourself.",
  ]))
  .capability(createBash({ cwd, env }))
  .capability(createUserHooks(bashHooks({ cwd, env })))
  .singleSession((s) =>
    s.harness("coder", "You write code.").withCapability("bash").withCapability({
      ref: "user_hooks",
      config: { hooks: [{ id: "no-push", event: "pre_tool_use", tools: ["bash"], command: GUARD, on_error: "block" }] },
    })
  )
  .build();

const sessionId = runtime.defaultSessionId;
const turn = await runtime.runTextTurn(sessionId, "Build it and push it");
for (const event of runtime.events()) {
  if (event.type === "tool.completed") console.log(`bash: ${event.data.error ?? JSON.stringify(event.data.result)}`);
}
console.log(`Model: ${turn.response}`);

// What a chat may offer as `!date`: no model, no turn.
const { output } = await runtime.executeCommand(sessionId, "shell", "date +%Y");
console.log(`/shell: ${output}`);
