/**
 * A program around the interactive terminal, for tests: a real runtime with a simulated model and one tool.
 *
 * What the user types decides what the model does; see `REPLIES`.
 *
 * @module
 */

import {
  defineCapability,
  defineTool,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  type TurnHandle,
} from "@everruns/runtime";
import { exitCodeOfSignal } from "../../host/signals.ts";
import { runInteractive } from "../../interactive.ts";
import type { ApprovalDecision, ApprovalQuestion, InteractiveHost } from "../../interactive_host.ts";
import { openTerminal } from "../../terminal/terminal.ts";

type Ask = (question: ApprovalQuestion, signal: AbortSignal) => Promise<ApprovalDecision>;

const LONG = "long\n\n" + Array.from({ length: 60 }, (_, index) => `- line ${index + 1} of a long answer`).join("\n");
const HOSTILE = "harmless\x1b]0;owned\x07\x1b[2J\x1b[1;1H\x9b31m text";

let ask: Ask | undefined;

const tools = defineCapability({
  id: "tools",
  name: "Tools",
  tools: [defineTool({
    name: "bash",
    description: "Runs a command.",
    parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
    effect: "pure",
    permissions: {},
    execute: async ({ command }, { signal, toolCallId, output }) => {
      const detail = String(command);
      const question = { toolCallId, toolName: "bash", title: `Run: ${detail.split("\n")[0]}`, detail };
      const decision = await ask?.(question, signal) ?? "deny";
      if (decision === "deny") throw new Error("The user said no");
      output("working\n");
      return {
        command: detail,
        exit_code: 3,
        success: false,
        stdout: `decided: ${decision}\n${HOSTILE}\n`,
        stderr: "",
      };
    },
  })],
});

const manyLines = Array.from({ length: 40 }, (_, index) => `echo ${index + 1}`).join("\n");
await using runtime = await new InProcessRuntimeBuilder()
  .capability(tools)
  .llmSim(
    LlmSimConfig.echo()
      .withConditionalToolCalls("run", [{ name: "bash", arguments: { command: "ls\x1b[8m -la" } }])
      .withConditionalToolCalls("many", [{ name: "bash", arguments: { command: manyLines } }])
      .withLatency({ firstTokenMs: 5, tokenMs: Number(Deno.args[0] ?? 1) }),
  )
  .singleSession((s) => s.harness("coder", "Write code.").withCapability("tools"))
  .build();
const sessionId = runtime.defaultSessionId;
let running: TurnHandle | undefined;
let factsChanged: () => void = () => {};
let model = "simulated";

const host: InteractiveHost = {
  facts: () => ({ provider: "llmsim", model, approval: "ask", workspace: "~/project", sessionId }),
  commands: () => [
    { name: "help", description: "Lists the commands" },
    { name: "hello", description: "Says hello" },
    { name: "model", description: "Switches the model", argumentHint: "<model>" },
    { name: "clear", description: "Begins again" },
    { name: "quit", description: "Leaves" },
  ],
  events: (signal) => runtime.subscribe(sessionId, { after: 0, signal }),
  storedUntil: () => Promise.resolve(0),
  submit: async (text) => {
    if (text === "/quit") return { type: "quit" };
    if (text === "/clear") return { type: "clear" };
    if (text === "/fail") throw new Error("it cannot be done");
    if (text.startsWith("/signal ")) Deno.kill(Deno.pid, text.slice("/signal ".length) as Deno.Signal);
    if (text.startsWith("/model ")) {
      model = text.slice("/model ".length);
      factsChanged();
      return { type: "output", text: `The model is now **${model}**.` };
    }
    if (text.startsWith("/")) return { type: "output", text: `You said \`${text}\`.` };
    const said = text === "long" ? LONG : text === "hostile" ? HOSTILE : text;
    if (running !== undefined) await running.steer(said);
    else {
      running = runtime.startTurn(sessionId, said);
      void running.result.finally(() => running = undefined);
      await running.accepted;
    }
    return { type: "turn" };
  },
  cancel: () => {
    if (running === undefined) return false;
    running.cancel("by the user");
    return true;
  },
  onApproval: (asked) => ask = asked,
  onFacts: (changed) => factsChanged = changed,
};

{
  using terminal = openTerminal();
  if (Deno.args[1] === "throw") {
    await runInteractive({
      ...host,
      events: () => {
        throw new Error("no events");
      },
    }, terminal);
  }
  await runInteractive(host, terminal, {
    noColor: Deno.args[1] !== "colour",
    history: ["an earlier line"],
    farewell: (facts) => `Go on with --resume ${facts.sessionId.slice(0, 8)}`,
  });
  if (terminal.endedBy !== undefined) Deno.exitCode = exitCodeOfSignal(terminal.endedBy);
}
