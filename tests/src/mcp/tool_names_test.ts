import assert from "node:assert/strict";
import { serverPart, toolNames } from "../../../src/mcp/tool_names.ts";

Deno.test("toolNames() joins server and tool and keeps what providers take", () => {
  assert.deepEqual(toolNames("docs", ["search", "get-page", "a__b"]), [
    "mcp_docs__search",
    "mcp_docs__get-page",
    "mcp_docs__a__b",
  ]);
});

Deno.test("toolNames() gives names that split at the first double underscore, whatever the server is called", () => {
  const servers = ["my__server", "a server!", "_x_", "__", "ü", "docs_", "a/b.c"];
  const split = servers.map((server) => {
    const name = toolNames(server, ["t"])[0] ?? "";
    const at = name.indexOf("__", 4);
    return [name.slice(4, at), name.slice(at + 2)];
  });
  assert.deepEqual(split, servers.map((server) => [serverPart(server), "t"]));
});

Deno.test("toolNames() gives every tool a name of its own that every provider takes", () => {
  const long = "x".repeat(200);
  const names = toolNames("a server", ["get page", "get.page", "get_page", long, `${long}y`, "", "ö"]);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(names.filter((name) => !/^[a-zA-Z0-9_-]{1,64}$/.test(name)), []);
  assert.equal(names[2], "mcp_a_server__get_page");
});

Deno.test("toolNames() gives a tool its name wherever in the list it stands", () => {
  const tools = ["get.page", "get page", "get_page", "x y", "x".repeat(100), `${"x".repeat(100)}y`];
  const named = new Map(tools.map((tool, place) => [tool, toolNames("s", tools)[place]]));
  const turned = tools.toReversed();
  assert.deepEqual(toolNames("s", turned), turned.map((tool) => named.get(tool)));
  assert.equal(named.get("x y"), "mcp_s__x_y");
});

Deno.test("toolNames() gives the same names whenever it is asked", () => {
  const tools = ["a.b", "a b", "z".repeat(100)];
  assert.deepEqual(toolNames("s".repeat(100), tools), toolNames("s".repeat(100), tools));
});

Deno.test("toolNames() keeps servers with long names apart", () => {
  const [a] = toolNames(`${"s".repeat(60)}a`, ["t"]);
  const [b] = toolNames(`${"s".repeat(60)}b`, ["t"]);
  assert.notEqual(a, b);
});
