/**
 * A local MCP server that tells its whole environment and its arguments, and fails as its argument says.
 *
 * @module
 */

const [mode = "text"] = Deno.args;
const told = [JSON.stringify(Deno.env.toObject()), ...Deno.args, ...Object.values(Deno.env.toObject()).map(btoa)].join(
  " ",
);
const TOOLS = ["text", "structured", "resource", "is_error", "rpc_error", "http_500", "page", "garbage"];

console.error(told);
let rest = "";
for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) if (line !== "") onMessage(JSON.parse(line));
}

function onMessage({ id, method, params }: { id?: unknown; method?: string; params?: { name?: string } }): void {
  if (id === undefined) return;
  if (method === "initialize") {
    const serverInfo = { name: "telling", version: told };
    return say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } });
  }
  if (method === "tools/list") {
    return say({
      id,
      result: { tools: TOOLS.map((name) => ({ name, description: told, inputSchema: { type: "object" } })) },
    });
  }
  if (method !== "tools/call") return say({ id, error: { code: -32601, message: "unknown", data: told } });
  if (mode === "dies") Deno.exit(3);
  if (mode === "garbage") console.log(`{"told": ${told}`);
  if (params?.name === "rpc_error") return say({ id, error: { code: -32000, message: told, data: told } });
  say({ id, result: { content: [{ type: "text", text: told }], isError: params?.name === "is_error" } });
}

function say(message: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
}
