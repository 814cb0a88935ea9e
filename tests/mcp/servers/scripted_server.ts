/**
 * A server that misbehaves as its argument says; it lists one tool, `work`.
 *
 * With a port as second argument it keeps a connection to it open for as long as it lives.
 *
 * @module
 */

const [mode = "good", port] = Deno.args;
const encoder = new TextEncoder();
const NO_MORE = ["run", "--no-prompt", "--no-config", "--allow-net=127.0.0.1"];

if (port !== undefined) {
  const life = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await life.write(encoder.encode(`${mode}\n`));
  // The test is over.
  life.readable.pipeTo(new WritableStream()).finally(() => Deno.exit(9));
}
if (mode === "stubborn") Deno.addSignalListener("SIGTERM", () => {});
if (mode === "parent" || mode === "abandons" || mode === "detaches") {
  const script = import.meta.filename ?? "";
  const minds = mode === "parent";
  new Deno.Command("deno", {
    args: [...NO_MORE, script, minds ? "child" : "silent", port ?? ""],
    // What it reads ends when the host is gone; one that reads nothing holds the output open for ever.
    stdin: minds ? "inherit" : "null",
    stdout: mode === "detaches" ? "null" : "inherit",
    stderr: mode === "abandons" ? "inherit" : "null",
  }).spawn();
}
if (mode === "silent") await new Promise(() => setInterval(() => {}, 1000));
if (mode === "garbage") await write('\u0000\u0001 hello\n{}\n[1,2\n\n"text"\n');
if (mode === "dies") {
  console.error("cannot open the database");
  Deno.exit(7);
}

let rest = "";
for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) await onMessage(JSON.parse(line));
}
if (mode === "stubborn") await new Promise(() => setInterval(() => {}, 1000));
Deno.exit(0);

async function onMessage({ id, method }: { id?: unknown; method?: string }): Promise<void> {
  if (id === undefined) return;
  switch (method) {
    case "initialize": {
      const serverInfo = { name: "scripted", version: "1" };
      return await answer(id, { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo });
    }
    case "tools/list":
      return await answer(id, { tools: [{ name: "work", inputSchema: { type: "object" } }] });
    case "tools/call":
      return await onCall(id);
    default:
      return await write(`${JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "unknown" } })}\n`);
  }
}

async function onCall(id: unknown): Promise<void> {
  switch (mode) {
    case "crash":
    case "abandons":
      console.error("segmentation fault, more or less");
      return Deno.exit(3);
    case "hang":
      return;
    case "long line":
      for (let megabytes = 0; megabytes < 8; megabytes++) await write("x".repeat(1024 * 1024));
      return;
    case "flood":
      for (let count = 0; count < 2000; count++) {
        await write(
          `${
            JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: count } })
          }\n`,
        );
      }
      break;
    case "stderr flood":
      for (let megabytes = 0; megabytes < 50; megabytes++) {
        await Deno.stderr.write(encoder.encode("x".repeat(1024 * 1024)));
      }
      break;
    case "environment":
      return await answer(id, { content: [{ type: "text", text: JSON.stringify(Deno.env.toObject()) }] });
  }
  await answer(id, { content: [{ type: "text", text: "done" }] });
}

async function answer(id: unknown, result: unknown): Promise<void> {
  await write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
}

async function write(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(encoder.encode(text));
  writer.releaseLock();
}
