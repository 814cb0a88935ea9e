// deno run --no-prompt examples/streaming_chat.ts

/**
 * A chat in the terminal that prints the answer as it is written and the tools as they run.
 *
 * Type into it, or pipe lines into it; with neither it plays a short conversation by itself. The model is simulated, so
 * no key and no permission is needed. For a live one register its driver and name it as the default model; the rest of
 * this file stays as it is:
 *
 *     import { DriverId, DriverRegistry } from "@everruns/runtime";
 *     import { registerDriver } from "@everruns/runtime/openai";
 *
 *     const drivers = new DriverRegistry();
 *     registerDriver(drivers);
 *     builder.driverRegistry(drivers).defaultModel({
 *       model: "gpt-5.5",
 *       providerType: DriverId.OpenAI,
 *       apiKey: Deno.env.get("OPENAI_API_KEY") ?? "",
 *     });
 *
 * in place of `llmSim()`, and run it with --allow-env=OPENAI_API_KEY --allow-net=api.openai.com:443 added.
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
import { stdin } from "node:process";
import { createInterface } from "node:readline";

const DEMO = [
  { text: "Hello! Who is there?", replies: ["A simulated model. I answer piece by piece, as a live one does."] },
  {
    text: "Roll three dice for me.",
    replies: [
      {
        type: "mixed" as const,
        text: "With pleasure.",
        toolCalls: [{ name: "roll_dice", arguments: { count: 3 } }],
      },
      "There they are. What a throw!",
    ],
  },
];

/** A tool that takes a moment, tells how far it is, and stops when the turn is cancelled. */
const dice = defineCapability({
  id: "dice",
  name: "Dice",
  tools: [defineTool({
    name: "roll_dice",
    description: "Rolls up to ten dice.",
    parameters: {
      type: "object",
      properties: { count: { type: "integer", minimum: 1, maximum: 10 } },
      required: ["count"],
      additionalProperties: false,
    },
    effect: "pure",
    permissions: {},
    execute: async ({ count }, { progress, signal }) => {
      const rolled: number[] = [];
      while (rolled.length < Number(count)) {
        await pause(150, signal);
        rolled.push(1 + Math.floor(Math.random() * 6));
        progress(`a ${rolled.at(-1)}`);
      }
      return { rolled, total: rolled.reduce((sum, one) => sum + one, 0) };
    },
    narrate: ({ count }) => `Rolling ${count} dice`,
  })],
});

const input = createInterface({ input: stdin });
const lines = input[Symbol.asyncIterator]();
const interactive = stdin.isTTY;
if (interactive) console.log('Say something, for example "roll the dice". Ctrl-D ends.');

const first = interactive ? await ask() : await firstPipedLine();
const isDemo = !interactive && first === undefined;

const model = isDemo
  ? LlmSimConfig.scripted(DEMO.flatMap(({ replies }) => replies))
  : LlmSimConfig.echo().withConditionalToolCalls("dice", [{ name: "roll_dice", arguments: { count: 3 } }]);
await using runtime = await new InProcessRuntimeBuilder()
  .capability(dice)
  .llmSim(model.withLatency({ firstTokenMs: 200, tokenMs: 30 }))
  .singleSession((s) => s.harness("chat", "You are good company.").withCapability("dice"))
  .build();

if (isDemo) {
  for (const { text } of DEMO) {
    console.log(`you> ${text}`);
    await show(runtime.startTurn(runtime.defaultSessionId, text));
  }
} else {
  for (let text = first; text !== undefined; text = await ask()) {
    if (text.trim() === "") continue;
    if (!interactive) console.log(`you> ${text}`);
    await show(runtime.startTurn(runtime.defaultSessionId, text));
  }
}
input.close();
stdin.destroy();

/** Prints a turn while it runs. */
async function show(turn: TurnHandle): Promise<void> {
  let open = false;
  for await (const event of turn.events()) {
    switch (event.type) {
      case "output.message.delta":
        write(open ? event.data.delta : `bot> ${event.data.delta}`);
        open = true;
        break;
      case "output.message.replaced":
        // The connection broke and the answer starts again: what was printed so far does not count.
        write(`\n[starting again]\nbot> ${event.data.replacement}`);
        open = true;
        break;
      case "output.message.completed":
        if (open) write("\n");
        open = false;
        break;
      case "tool.started":
        write(`     [${event.data.narration ?? event.data.toolName}]\n`);
        break;
      case "tool.progress":
        write(`     ... ${event.data.message}\n`);
        break;
      case "tool.completed":
        write(`     => ${JSON.stringify(event.data.result ?? event.data.error)}\n`);
        break;
    }
  }
  const { success, error } = await turn.result;
  if (!success && error !== undefined) console.log(`[${error.code}] ${error.message}`);
}

/** The next line, or undefined at the end of the input. */
async function ask(): Promise<string | undefined> {
  if (interactive) write("you> ");
  const { done, value } = await lines.next();
  return done === true ? undefined : value;
}

/** The first line of a pipe, or undefined when it is closed or stays silent. */
function firstPipedLine(): Promise<string | undefined> {
  const silent = AbortSignal.timeout(1000);
  return Promise.race([ask(), new Promise<undefined>((resolve) => silent.onabort = () => resolve(undefined))]);
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
