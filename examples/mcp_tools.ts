// deno run --no-prompt --allow-run=deno --allow-env=PATH,HOME,DENO_DIR,XDG_CACHE_HOME examples/mcp_tools.ts

/**
 * Tools of an MCP server: a real one from npm, started as a local program, for the length of the runtime.
 *
 * The server is the protocol's own reference server. `deno` runs it here, because whoever runs this example has it; in
 * a program of your own grant the server's command alone, since `--allow-run=deno` lets anything be started. The
 * simulated model asks for one of its tools; with a real model nothing else changes.
 *
 * @module
 */

import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
import { mcpStdio, type McpStdioOptions } from "@everruns/runtime/mcp/stdio";

const SERVER = "npm:@modelcontextprotocol/server-everything@2026.8.31";

const options: McpStdioOptions = {
  // The server gets this environment and nothing else of ours: `deno` has to find its cache.
  env: () => environment("PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"),
  // A tool that changes after it was first seen is held back until we approve it.
  changedTools: "quarantine",
};

await using runtime = await new InProcessRuntimeBuilder()
  .llmSim(LlmSimConfig.scripted([
    { type: "tool_calls", toolCalls: [{ name: "mcp_everything__get-sum", arguments: { a: 19, b: 23 } }] },
    "The server says it is 42.",
  ]))
  .toolSource(mcpStdio(options))
  .singleSession((session) =>
    session.harness("calculator", "You answer with the help of your tools.").sessionMcpServers({
      everything: {
        type: "stdio",
        command: "deno",
        args: ["run", "--no-prompt", "--no-config", "--allow-env", "--allow-read", SERVER, "stdio"],
        allowTools: ["echo", "get-*"],
        denyTools: ["get-env"],
      },
    })
  )
  .build();

const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
for (const { name, effect, description } of runtimeAgent.tools) {
  console.log(`${name} (${effect}): ${description.split("\n", 1)[0]}`);
}

const turn = await runtime.runTextTurn(runtime.defaultSessionId, "What is 19 + 23?");
for (const event of runtime.events()) {
  if (event.type === "runtime.warning") console.log(`warning: ${event.data.message}`);
  if (event.type !== "tool.completed") continue;
  console.log(`${event.data.toolName}: ${JSON.stringify(event.data.result ?? event.data.error)}`);
}
console.log(turn.response);

function environment(...names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = Deno.env.get(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
}
