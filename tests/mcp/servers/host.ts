/**
 * A program that connects the scripted server and then waits: something to kill. With a fourth argument it starts the
 * server in a process group of its own, and closes it when its input ends.
 *
 * @module
 */

import { mcpStdio } from "../../../src/mcp/stdio/mod.ts";

const [mode = "good", port = "0", env = "{}", group] = Deno.args;
const args = ["run", "--no-prompt", "--no-config", "--allow-net=127.0.0.1", "--allow-run=deno"];
const script = new URL("scripted_server.ts", import.meta.url).pathname;
const config = { type: "stdio" as const, command: "deno", args: [...args, script, mode, port], env: JSON.parse(env) };
const scope = { sessionId: "session_00000000000000000000000000000001" as const, signal: new AbortController().signal };
const source = await mcpStdio({ processGroup: group !== undefined }).connect("scripted", config, scope);
console.log((await source.list(scope)).length);
if (group !== undefined) {
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await source.close();
  Deno.exit(0);
}
await new Promise(() => setInterval(() => {}, 1000));
