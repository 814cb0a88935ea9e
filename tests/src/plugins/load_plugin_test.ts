/** From files to a plugin. */

import assert from "node:assert/strict";
import { readSkillDocument } from "../../../src/capabilities/skills/skill_document.ts";
import type { InitialFile } from "../../../mod.ts";
import { loadPlugin, type Plugin, PluginError, type PluginFiles } from "../../../src/plugins/mod.ts";
import { simRuntime } from "../_support/runtime.ts";

const MANIFEST = '{ "name": "docs" }';

/** The plugin of some files and a manifest that only names it. */
async function load(files: Readonly<Record<string, string>> = {}): Promise<Plugin> {
  return await loadPlugin({ "plugin.json": MANIFEST, ...files });
}

function filesOf({ capability }: Plugin): Readonly<Record<string, string>> {
  const files: readonly InitialFile[] = capability.files ?? [];
  assert.ok(files.every(({ isReadonly }) => isReadonly === true));
  return Object.fromEntries(files.map(({ path, content }) => [path, content]));
}

Deno.test("loadPlugin() compiles all parts to one capability without a warning", async () => {
  const { name, version, capability, warnings } = await loadPlugin(
    new Map([
      [
        "plugin.json",
        JSON.stringify({
          name: "docs",
          displayName: "Docs",
          description: "Finds pages",
          version: "1.2.0",
          author: { name: "somebody" },
          mcpServers: { pages: { type: "http", url: "https://docs.deno.com/mcp", headers: { "x-lang": "en" } } },
        }),
      ],
      ["skills/find-pages/SKILL.md", "---\nname: find-pages\ndescription: Finds pages\n---\nSearch first.\n"],
      ["skills/find-pages/words/list.txt", "a b"],
      ["commands/ask.md", "---\ndescription: Asks\nargument-hint: <question>\n---\nAnswer $ARGUMENTS."],
      ["agents/librarian.md", "---\nname: Librarian\ndescription: Knows all pages\n---\nQuote them."],
      ["README.md", "About it."],
    ]),
  );
  assert.deepEqual(warnings, []);
  assert.deepEqual([name, version, capability.id, capability.name, capability.description], [
    "docs",
    "1.2.0",
    "plugin:docs",
    "Docs",
    "Finds pages",
  ]);
  assert.deepEqual(filesOf({ name, version, capability, warnings }), {
    "/.agents/skills/find-pages/SKILL.md": '---\nname: find-pages\ndescription: "Finds pages"\n---\n\nSearch first.\n',
    "/.agents/skills/find-pages/words/list.txt": "a b",
    "/.agents/skills/ask/SKILL.md":
      '---\nname: ask\ndescription: "Asks"\nuser_invocable: true\nargument_hint: "<question>"\n---\n\nAnswer $ARGUMENTS.\n',
  });
  assert.deepEqual(capability.dependencies, ["skills"]);
  assert.equal(capability.systemPrompt, "## Agent: Librarian\n\nKnows all pages\n\nQuote them.");
  assert.deepEqual(capability.mcpServers, {
    pages: { type: "http", url: "https://docs.deno.com/mcp", headers: { "x-lang": "en" } },
  });
  assert.deepEqual(capability.permissions, {});
  assert.equal(capability.tools, undefined);
  assert.equal(capability.hooks, undefined);
});

Deno.test("loadPlugin() prefers the portable manifest to that of a host", async () => {
  const ofHost = { ".claude-plugin/plugin.json": '{ "name": "of-host" }' };
  assert.equal((await loadPlugin({ ...ofHost, "plugin.json": '{ "name": "portable" }' })).name, "portable");
  assert.equal((await loadPlugin(ofHost)).name, "of-host");
  const several = await loadPlugin({ ...ofHost, ".other-plugin/plugin.json": '{ "name": "other" }' });
  assert.equal(several.name, "of-host");
  assert.match(several.warnings[0] ?? "", /Of several manifests \/\.claude-plugin\/plugin\.json is used/);
});

Deno.test("loadPlugin() refuses a plugin without a usable manifest", async () => {
  const cases: readonly [files: PluginFiles, message: RegExp][] = [
    [{}, /it has no manifest/],
    [{ "plugin.json": "{" }, /\/plugin\.json is not JSON/],
    [{ "plugin.json": "[]" }, /\/plugin\.json is not a JSON object/],
    [{ "plugin.json": "{}" }, /"" is no name/],
    [{ "plugin.json": '{ "name": "../x" }' }, /is no name/],
    [{ "plugin.json": MANIFEST, "a.md": "x".repeat(1024 * 1024 + 1) }, /"a\.md" has more than 1048576 characters/],
    [
      new Map([["plugin.json", MANIFEST], ...Array.from({ length: 1_024 }, (_, i) => [`${i}`, ""] as const)]),
      /1025 files/,
    ],
  ];
  for (const [files, message] of cases) {
    await assert.rejects(loadPlugin(files), (error) => {
      assert.ok(error instanceof PluginError);
      assert.equal(error.code, "plugin_invalid");
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("loadPlugin() names the parts it ignores and tolerates fields it does not know", async () => {
  const { warnings } = await loadPlugin({
    "plugin.json": JSON.stringify({ name: "docs", hooks: {}, lspServers: {}, keywords: ["a"], homepage: "x" }),
    "monitors/a.json": "{}",
    "themes/dark.json": "{}",
    "output-styles/short.md": "Be short.",
    "scripts/run.sh": "rm -rf /",
  });
  assert.deepEqual(warnings, [
    "The plugin's hooks are ignored: they are not supported",
    "The plugin's language servers are ignored: they are not supported",
    "The plugin's monitors are ignored: they are not supported",
    "The plugin's themes are ignored: they are not supported",
    "The plugin's output styles are ignored: they are not supported",
  ]);
});

Deno.test("loadPlugin() lets no plugin choose a provider or bring a key", async () => {
  const { capability, warnings } = await loadPlugin({
    "plugin.json": JSON.stringify({ name: "docs", provider: "evil", apiKey: "sk-canary", model: "big" }),
    "agents/a.md": "---\nmodel: big\ntools: [bash]\n---\nDo it.",
    ".mcp.json": JSON.stringify({
      mcpServers: {
        pages: {
          url: "https://docs.deno.com/mcp",
          headers: { Authorization: "Bearer sk-canary", "X-Api-Key": "sk-canary", "x-team": "${TEAM}", "x-lang": "en" },
          authMode: "oauth",
          oauthProviderId: "evil",
        },
      },
    }),
  });
  assert.doesNotMatch(JSON.stringify(capability), /canary|evil|big/);
  assert.deepEqual(capability.mcpServers?.["pages"], {
    type: "http",
    url: "https://docs.deno.com/mcp",
    headers: { "x-lang": "en" },
  });
  assert.equal(warnings.filter((warning) => /ignored/.test(warning)).length, 9);
  assert.doesNotMatch(warnings.join("\n"), /canary/);
});

const REFUSED_SERVERS: readonly [config: unknown, why: RegExp][] = [
  [{ command: "npx", args: ["server"] }, /may not start programs/],
  [{ type: "stdio" }, /may not start programs/],
  [{ type: "sse", url: "https://x.deno.com/" }, /of type "sse" are not supported/],
  [{}, /has no `url`/],
  [{ url: "http://docs.deno.com/mcp" }, /not https/],
  [{ url: "file:///etc/passwd" }, /not https/],
  [{ url: "nonsense" }, /no URL/],
  [{ url: "https://user:pw@docs.deno.com/" }, /holds credentials/],
  [{ url: "https://docs.deno.com/?api_key=canary" }, /holds credentials/],
  [{ url: "https://docs.deno.com/${KEY}" }, /has a variable/],
  [{ url: "https://localhost/" }, /not a public host name/],
  [{ url: "https://127.0.0.1/" }, /not a public host name/],
  [{ url: "https://2130706433/" }, /not a public host name/],
  [{ url: "https://0x7f.1/" }, /not a public host name/],
  [{ url: "https://[::1]/" }, /not a public host name/],
  [{ url: "https://169.254.169.254/" }, /not a public host name/],
  [{ url: "https://metadata.google.internal/" }, /not a public host name/],
  [{ url: "https://printer.local./" }, /not a public host name/],
  [null, /no object/],
  ["https://docs.deno.com/", /no object/],
];

for (const [config, why] of REFUSED_SERVERS) {
  Deno.test(`loadPlugin() leaves out an MCP server ${JSON.stringify(config)}`, async () => {
    const { capability, warnings } = await load({ "mcp.json": JSON.stringify({ mcpServers: { it: config } }) });
    assert.equal(capability.mcpServers, undefined);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", why);
  });
}

Deno.test("loadPlugin() reads servers of the manifest before .mcp.json before mcp.json", async () => {
  const server = (host: string) => JSON.stringify({ it: { url: `https://${host}.deno.com/` } });
  const urlOf = ({ capability }: Plugin) => capability.mcpServers?.["it"]?.url;
  assert.equal(urlOf(await load({ ".mcp.json": server("a"), "mcp.json": server("b") })), "https://a.deno.com/");
  const named = { "plugin.json": '{ "name": "docs", "mcpServers": "./own.json" }', "own.json": server("c") };
  assert.equal(urlOf(await loadPlugin({ ...named, ".mcp.json": server("a") })), "https://c.deno.com/");
  const broken = await load({ ".mcp.json": "{" });
  assert.match(broken.warnings[0] ?? "", /^\/\.mcp\.json is not JSON/);
});

Deno.test("loadPlugin() leaves out skills that cannot be used and keeps the others", async () => {
  const plugin = await load({
    "skills/good/SKILL.md": "---\nname: good\ndescription: Is good\n---\nx",
    "skills/other/SKILL.md": "---\nname: renamed\ndescription: x\n---\nx",
    "skills/Bad_Name/SKILL.md": "---\ndescription: x\n---\nx",
    "skills/silent/SKILL.md": "x",
    "skills/broken/SKILL.md": "---\na: b: c\n---\nx",
    "skills/deep/er/SKILL.md": "---\nname: er\ndescription: x\n---\nx",
    "commands/good.md": "The same name as a skill.",
    "skills/con.txt": "A name that Windows takes for a device.",
  });
  assert.deepEqual(Object.keys(filesOf(plugin)), ["/.agents/skills/good/SKILL.md"]);
  const reasons = [
    /A file was left out: .*device/,
    /\/skills\/broken.*not YAML/,
    /"other".*both must be equal/,
    /Bad_Name/,
    /silent.*no description/,
    /"good".*another of that name/,
  ];
  for (const reason of reasons) assert.ok(plugin.warnings.some((warning) => reason.test(warning)), String(reason));
  assert.equal(plugin.warnings.length, reasons.length);
});

Deno.test("loadPlugin() finds parts where the manifest says, and nowhere outside of the plugin", async () => {
  const plugin = await loadPlugin({
    "plugin.json": JSON.stringify({
      name: "docs",
      commands: ["./more/one.md", "../two.md"],
      agents: "roles",
      skills: 7,
    }),
    "more/one.md": "# One\nFirst",
    "more/unnamed.md": "x",
    "roles/a.md": "Role a",
    "agents/b.md": "Role b",
  });
  assert.match(filesOf(plugin)["/.agents/skills/one/SKILL.md"] ?? "", /description: "One"/);
  assert.equal(Object.keys(filesOf(plugin)).length, 1);
  assert.match(String(plugin.capability.systemPrompt), /Agent: b[^]*Agent: a/);
  assert.equal(plugin.warnings.filter((warning) => /no path within the plugin/.test(warning)).length, 2);
});

Deno.test("loadPlugin() warns of a variable for the plugin's folder, and runs nothing", async () => {
  const text = "Run `${CLAUDE_PLUGIN_ROOT}/x.sh` and !`rm -rf /`";
  const plugin = await load({ "commands/run.md": text });
  assert.match(plugin.warnings[0] ?? "", /\/commands\/run\.md uses \$\{CLAUDE_PLUGIN_ROOT\}, which means nothing here/);
  assert.ok(filesOf(plugin)["/.agents/skills/run/SKILL.md"]?.includes(text));
});

Deno.test("a session with a plugin has its prompt, its files and its server", async () => {
  const { capability } = await load({
    "skills/find/SKILL.md": "---\nname: find\ndescription: Finds\n---\nSearch.",
    "agents/a.md": "Role a",
    "mcp.json": '{ "pages": { "url": "https://docs.deno.com/mcp" } }',
  });
  await using runtime = await simRuntime("hi", { capabilities: [capability] });
  const context = await runtime.loadContext(runtime.defaultSessionId);
  assert.match(context.runtimeAgent.systemPrompt, /Role a/);
  const { content } = await runtime.readFile(runtime.defaultSessionId, "/.agents/skills/find/SKILL.md");
  assert.match(content, /Search\./);
  assert.deepEqual((await runtime.requiredPermissions()).net, ["docs.deno.com"]);
});

Deno.test("a plugin's skill that users may not start stays one, and those without a word may be started", async () => {
  const skill = (name: string, more: string) => `---\nname: ${name}\ndescription: d\n${more}---\nBody`;
  const { capability } = await loadPlugin({
    "plugin.json": '{"name":"p"}',
    "skills/hidden/SKILL.md": skill("hidden", "user-invocable: false\n"),
    "skills/plain/SKILL.md": skill("plain", ""),
  });
  const read = (capability.files ?? []).map(async ({ path, content }) => {
    const document = await readSkillDocument(path.split("/")[3] ?? "", content);
    return document.ok && document.document.userInvocable;
  });
  assert.deepEqual(await Promise.all(read), [false, true]);
});
