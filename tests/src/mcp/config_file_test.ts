import assert from "node:assert/strict";
import { RuntimeError } from "../../../src/errors.ts";
import { readMcpConfig } from "../../../src/mcp/config_file.ts";

const VARIABLES: ReadonlyMap<string, string> = new Map([["TOKEN", "t-1"], ["DIR", "/srv"], ["ODD", "${TOKEN}"]]);
const lookup = (name: string): string | undefined => VARIABLES.get(name);

function read(servers: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(readMcpConfig(JSON.stringify({ mcpServers: servers }), { lookup })));
}

Deno.test("readMcpConfig() reads both kinds of servers", () => {
  const servers = read({
    docs: { type: "http", url: "https://example.com/mcp", headers: { "X-Key": "k" } },
    files: { type: "stdio", command: "mcp-files", args: ["/srv"], env: { A: "b" } },
  });
  assert.deepEqual(servers, {
    docs: { type: "http", url: "https://example.com/mcp", headers: { "X-Key": "k" } },
    files: { type: "stdio", command: "mcp-files", args: ["/srv"], env: { A: "b" } },
  });
});

Deno.test("readMcpConfig() takes a server with a command for a local one, and anything else for HTTP", () => {
  const servers = read({
    a: { command: "x" },
    b: { url: "https://example.com" },
    c: { type: "sse", url: "https://x.org" },
  });
  assert.deepEqual(Object.values(servers).map((server) => (server as { type: string }).type), [
    "stdio",
    "http",
    "http",
  ]);
});

Deno.test("readMcpConfig() expands variables in url, headers, command, args, env and cwd", () => {
  const servers = read({
    docs: { url: "https://example.com/${TOKEN}", headers: { Authorization: "Bearer ${TOKEN}" } },
    files: { command: "${DIR}/bin", args: ["--dir=${DIR}", "${DIR}${DIR}"], env: { KEY: "${TOKEN}" }, cwd: "${DIR}" },
  });
  assert.deepEqual(servers, {
    docs: { type: "http", url: "https://example.com/t-1", headers: { Authorization: "Bearer t-1" } },
    files: { type: "stdio", command: "/srv/bin", args: ["--dir=/srv", "/srv/srv"], env: { KEY: "t-1" }, cwd: "/srv" },
  });
});

Deno.test("readMcpConfig() leaves what is not set or not terminated as it is, and expands once", () => {
  const cases: Readonly<Record<string, string>> = {
    "${UNSET}": "${UNSET}",
    "${TOKEN": "${TOKEN",
    "$TOKEN": "$TOKEN",
    "${}": "${}",
    "${UNSET:-else}": "else",
    "${TOKEN:-else}": "t-1",
    "${UNSET:-}": "",
    "${ODD}": "${TOKEN}",
    "a${TOKEN}b${TOKEN}": "at-1bt-1",
  };
  const { a } = read({ a: { command: "x", args: Object.keys(cases) } });
  assert.deepEqual((a as { args: string[] }).args, Object.values(cases));
});

Deno.test("readMcpConfig() reads the other fields in both casings and drops what it does not know", () => {
  const servers = read({
    a: {
      url: "https://x.org",
      auth_mode: "oauth",
      oauth_provider_id: "p",
      protocol_mode: "auto",
      tool_discovery: false,
    },
    b: {
      url: "https://x.org",
      allowTools: ["get_*"],
      denyTools: ["x"],
      approveTools: ["*"],
      timeoutMs: 5,
      unknown: true,
    },
  });
  assert.deepEqual(servers, {
    a: {
      type: "http",
      url: "https://x.org",
      authMode: "oauth",
      oauthProviderId: "p",
      protocolMode: "auto",
      toolDiscovery: false,
    },
    b: {
      type: "http",
      url: "https://x.org",
      allowTools: ["get_*"],
      denyTools: ["x"],
      approveTools: ["*"],
      timeoutMs: 5,
    },
  });
});

Deno.test("readMcpConfig() leaves out a server that is switched off, whatever else is wrong with it", () => {
  const text = JSON.stringify({
    mcpServers: {
      off: { command: "evil", disabled: true },
      broken: { disabled: true },
      on: { command: "x", disabled: false },
    },
  });
  assert.deepEqual(Object.keys(readMcpConfig(text)), ["on"]);
});

Deno.test("readMcpConfig() refuses a text that is no such file", () => {
  for (const text of ["", "{", "null", "[]", "{}", '{"mcpServers": []}', '{"mcpServers": "x"}']) {
    assert.throws(
      () => readMcpConfig(text),
      (error) => error instanceof RuntimeError && error.code === "mcp_config_invalid",
      text,
    );
  }
});

const BAD: Readonly<Record<string, readonly [server: unknown, message: RegExp]>> = {
  "a server that is no object": ["x", /is not an object/],
  "an unknown type": [{ type: "ws", url: "ws://x" }, /unknown type "ws"/],
  "no command": [{ type: "stdio" }, /has no command/],
  "no url": [{}, /has no url/],
  "a url that is no text": [{ url: 5 }, /"url" that is not a string/],
  "args that are no list": [{ command: "x", args: "y" }, /"args" that are not a list of strings/],
  "an env that is no text": [{ command: "x", env: { A: 1 } }, /"env" that are not strings by name/],
  "headers that are a list": [{ url: "https://x.org", headers: [] }, /"headers" that are not strings/],
  "an unknown authMode": [{ url: "https://x.org", authMode: "magic" }, /unknown authMode/],
  "a timeout that is none": [{ url: "https://x.org", timeoutMs: -1 }, /no positive number/],
};
for (const [what, [server, message]] of Object.entries(BAD)) {
  Deno.test(`readMcpConfig() refuses ${what}, or leaves the server out when somebody is told`, () => {
    const text = JSON.stringify({ mcpServers: { bad: server, good: { url: "https://x.org" } } });
    assert.throws(() => readMcpConfig(text), message);
    const warnings: string[] = [];
    const servers = readMcpConfig(text, { onWarning: (warning) => warnings.push(warning) });
    assert.deepEqual(Object.keys(servers), ["good"]);
    assert.match(warnings.join(), message);
  });
}

Deno.test("readMcpConfig() keeps a server called __proto__ an ordinary one", () => {
  const servers = readMcpConfig('{ "mcpServers": { "__proto__": { "url": "https://x.org" } } }');
  assert.deepEqual(Object.keys(servers), ["__proto__"]);
  assert.equal(({} as Record<string, unknown>)["url"], undefined);
});
