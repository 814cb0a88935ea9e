/**
 * MCP servers of `.mcp.json`, and of an editor's request.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openEditor } from "./_support/acp_editor.ts";
import { argsFor, flagsFor, playground, runCli } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

const SERVER = fileURLToPath(new URL("servers/notes_server.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../../deno.json", import.meta.url));
const SERVER_ARGS = ["run", "--no-prompt", "--config", CONFIG, SERVER];
const FIND = { name: "mcp_notes__find_note", arguments: { word: "tea" } };

Deno.test("a server of .mcp.json gives tools that work, with variables put in", async () => {
  using at = playground();
  at.write(".mcp.json", configOf("${NOTES_DIR}"));
  await using provider = serveScript([{ calls: [FIND] }, "Found."]);
  const args = argsFor(at, provider);
  const env = { NOTES_DIR: "/notes" };
  const { code, stderr } = await runCli([...args, "-p", "Find it"], { env });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.ok(provider.requests[0]?.tools?.some(({ name }) => name === "mcp_notes__write_note"));
  assert.match(JSON.stringify(provider.requests[1]?.input), /a note about tea, kept in \/notes/);
});

Deno.test("a server needs its program granted, and --no-mcp leaves it out", async () => {
  using at = playground();
  at.write(".mcp.json", configOf("x"));
  await using provider = serveScript(["Hello."]);
  const flags = await flagsFor(argsFor(at, provider));
  assert.ok(flags.includes("--allow-run=deno"), flags.join(" "));
  const lacking = flags.filter((flag) => !flag.startsWith("--allow-run"));
  const refused = await runCli([...argsFor(at, provider), "-p", "Hi"], { flags: lacking });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /not granted: --allow-run=deno/);
  const without = await runCli([...argsFor(at, provider), "--no-mcp", "-p", "Hi"], { flags: lacking });
  assert.equal(without.code, 0, without.stderr);
});

Deno.test("a tool of a server that may change something needs approval", async () => {
  using at = playground();
  at.write(".mcp.json", configOf("x"));
  await using provider = serveScript([
    { calls: [{ name: "mcp_notes__write_note", arguments: { text: "hi" } }] },
    "Done.",
  ]);
  await runCli([...argsFor(at, provider), "-p", "Write it"]);
  assert.match(JSON.stringify(provider.requests[1]?.input), /nobody can be asked/);
});

Deno.test("a broken .mcp.json is told and ends nothing", async () => {
  using at = playground();
  at.write(".mcp.json", "{ broken");
  const { code, stdout, stderr } = await runCli([...argsFor(at), "-p", "Hi"]);
  assert.deepEqual([code, stdout], [0, "Echo: Hi\n"]);
  assert.match(stderr, /\.mcp\.json: .*not JSON/);
});

Deno.test("a .mcp.json that cannot be read is told and ends nothing", async () => {
  using at = playground();
  at.write(".mcp.json/inside", "it is a folder");
  const { code, stderr } = await runCli([...argsFor(at), "-p", "Hi"]);
  assert.equal(code, 0);
  assert.match(stderr, /\.mcp\.json: .*directory/);
});

Deno.test("a server that does not start is told of once in a prompt", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [{ name: "list_directory", arguments: { path: "/" } }] }, "Done."]);
  at.write(".mcp.json", JSON.stringify({ mcpServers: { gone: { type: "http", url: "http://127.0.0.1:1/mcp" } } }));
  const { stdout, stderr } = await runCli([...argsFor(at, provider), "-p", "Go"]);
  assert.equal(stdout, "Done.\n");
  assert.equal(stderr.match(/"gone" is skipped/g)?.length, 1, stderr);
});

Deno.test("a server whose program is not installed is told so", async () => {
  using at = playground();
  at.write(".mcp.json", JSON.stringify({ mcpServers: { gone: { command: "not-installed" } } }));
  const { code, stderr } = await runCli([...argsFor(at), "-p", "Hi"]);
  assert.equal(code, 2);
  assert.match(stderr, /--allow-run=not-installed[^]*not installed lacks its grant/);
});

Deno.test("/mcp lists servers and their tools", async () => {
  using at = playground();
  at.write(".mcp.json", configOf("x"));
  const { stdout } = await runCli([...argsFor(at), "-p", "/mcp"]);
  assert.match(stdout, /\*\*notes\*\* \(stdio: deno run .*\): `find_note`, `write_note`/);
});

Deno.test("/mcp lists the tools of a server whose name is no word, too", async () => {
  using at = playground();
  at.write(".mcp.json", configOf("x").replace('"notes"', '"my notes__(old)"'));
  const { stdout } = await runCli([...argsFor(at), "-p", "/mcp"]);
  assert.match(stdout, /\*\*my notes__\(old\)\*\* \(stdio: deno run .*\): `find_note`, `write_note`/);
});

Deno.test("/mcp shows no key that was put in from the environment", async () => {
  using at = playground();
  const args = [...SERVER_ARGS, "x", "--api-key", "${NOTES_DIR}", "--token=${NOTES_DIR}"];
  const web = { url: "http://user:${NOTES_DIR}@127.0.0.1:9/mcp?key=${NOTES_DIR}" };
  at.write(".mcp.json", JSON.stringify({ mcpServers: { notes: { command: "deno", args }, web } }));
  const { stdout } = await runCli([...argsFor(at), "-p", "/mcp"], { env: { NOTES_DIR: "hush-hush-1234" } });
  assert.match(stdout, /\*\*notes\*\* \(stdio: deno run .* x --api-key … --token=…\): `find_note`, `write_note`/);
  assert.match(stdout, /\*\*web\*\* \(http: http:\/\/127\.0\.0\.1:9\/mcp\): no tools/);
  assert.doesNotMatch(stdout, /hush/);
});

Deno.test("a server an editor names belongs to its session", async () => {
  using at = playground();
  at.write(".mcp.json", configOf("x").replace("notes", "other"));
  await using provider = serveScript([{ calls: [FIND] }, "Found."]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", {
    cwd: at.workspace,
    mcpServers: [{ name: "notes", command: "deno", args: [...SERVER_ARGS, "the editor"], env: [] }],
  });
  await editor.agent.request("session/prompt", { sessionId, prompt: [{ type: "text", text: "Find it" }] });
  assert.match(JSON.stringify(provider.requests[1]?.input), /kept in the editor/);
});

function configOf(arg: string): string {
  return JSON.stringify({ mcpServers: { notes: { command: "deno", args: [...SERVER_ARGS, arg] } } });
}
