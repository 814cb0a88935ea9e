/** Which Deno permissions a runtime says it needs. */

import assert from "node:assert/strict";
import {
  type Capability,
  defineTool,
  DriverRegistry,
  idFromSeed,
  InProcessRuntimeBuilder,
  type PermissionNeeds,
} from "../../../mod.ts";
import { descriptorOf, RecordingDriver, useDriver } from "../_support/drivers.ts";
import { type SimOptions, simRuntime } from "../_support/runtime.ts";

async function needsOf(options: SimOptions) {
  await using runtime = await simRuntime("ok", options);
  return await runtime.requiredPermissions();
}

function tool(name: string, permissions?: PermissionNeeds) {
  const options = { name, description: "", execute: () => name };
  return defineTool(permissions === undefined ? options : { ...options, permissions });
}

function capability(id: string, change: Partial<Capability>): Capability {
  return { id, name: id, ...change };
}

Deno.test("a runtime on the simulated model needs nothing", async () => {
  const needs = await needsOf({ session: (single) => single.withCapability("current_time") });
  assert.deepEqual([needs.read, needs.write, needs.net, needs.run, needs.env, needs.unknown], [[], [], [], [], [], []]);
  assert.deepEqual(needs.toFlags(), ["--no-prompt"]);
});

Deno.test("requiredPermissions() unites drivers, capabilities, tools and servers, sorted and once each", async () => {
  const driver = new RecordingDriver();
  const needs = await needsOf({
    configure: useDriver({ ...descriptorOf(driver), permissions: () => ({ net: ["api.example.com:443"] }) }),
    capabilities: [
      capability("files", { permissions: { read: ["/data"], write: ["/data"] }, tools: [tool("list")] }),
      capability("shell", {
        permissions: {},
        tools: [tool("git", { run: ["git"], read: ["/data", "/repo"], env: ["HOME"] })],
      }),
    ],
    session: (single) =>
      single.sessionMcpServers({
        docs: { url: "https://docs.example.com/mcp" },
        local: { type: "stdio", command: "docs-server" },
        near: { url: "http://127.0.0.1:8000/mcp" },
      }),
  });
  assert.deepEqual(needs.toFlags(), [
    "--no-prompt",
    "--allow-read=/data,/repo",
    "--allow-write=/data",
    "--allow-net=127.0.0.1:8000,api.example.com:443,docs.example.com",
    "--allow-run=docs-server,git",
    "--allow-env=HOME",
  ]);
  assert.deepEqual(needs.unknown, []);
});

Deno.test("an unscoped need makes an unscoped flag", async () => {
  const needs = await needsOf({
    capabilities: [capability("web", { tools: [tool("fetch", { net: true }), tool("one", { net: ["one.example"] })] })],
  });
  assert.equal(needs.net, true);
  assert.deepEqual(needs.toFlags(), ["--no-prompt", "--allow-net"]);
});

Deno.test("what does not say what it needs is listed as unknown", async () => {
  const needs = await needsOf({
    capabilities: [
      capability("mystery", { tools: [tool("mystery_tool")] }),
      capability("hooked", { hooks: { turnEnd: () => {} } }),
      capability("text_only", { systemPrompt: "Text." }),
    ],
  });
  assert.deepEqual(needs.unknown, ['capability "hooked"', 'tool "mystery_tool"']);
});

Deno.test("requiredPermissions() looks at the sessions it is asked about", async () => {
  await using runtime = await simRuntime("ok", {
    registered: [capability("web", { tools: [tool("fetch", { net: ["web.example"] })] })],
    configure: (builder) =>
      builder.harness({ id: idFromSeed("harness", 1), name: "h" })
        .session({ id: idFromSeed("session", 1), harnessId: idFromSeed("harness", 1), capabilities: ["web"] }),
  });
  const flags = async (sessions?: readonly `session_${string}`[]) =>
    (await runtime.requiredPermissions(sessions === undefined ? {} : { sessions })).toFlags();
  assert.deepEqual(await flags(), ["--no-prompt", "--allow-net=web.example"]);
  assert.deepEqual(await flags([runtime.defaultSessionId]), ["--no-prompt"]);
});

Deno.test("requiredPermissions() names the driver of a session's own model too", async () => {
  const driver = new RecordingDriver();
  const needs = await needsOf({
    configure: (builder) => {
      useDriver({ ...descriptorOf(driver), permissions: ({ baseUrl }) => ({ net: [new URL(baseUrl!).host] }) })(
        builder,
      );
      return builder.defaultModel({ model: "d", providerType: "test", baseUrl: "https://default.example" })
        .model(idFromSeed("model", 1), { model: "m", providerType: "test", baseUrl: "https://own.example:8443" });
    },
    session: (single) => single.sessionModelId(idFromSeed("model", 1)),
  });
  assert.deepEqual(needs.net, ["default.example", "own.example:8443"]);
});

Deno.test("a driver that is not registered is unknown", async () => {
  const needs = await needsOf({
    configure: (builder) => builder.defaultModel({ model: "gpt-x", providerType: "openai" }),
  });
  assert.deepEqual(needs.unknown, ['driver "openai"']);
});

Deno.test("requiredPermissions() covers layers and models that only later sessions use", async () => {
  const driver = descriptorOf(new RecordingDriver());
  const drivers = new DriverRegistry()
    .register({ ...driver, id: "near", permissions: () => ({ net: ["near.example.com"] }) })
    .register({ ...driver, id: "far", permissions: () => ({ net: ["far.example.com"] }) });
  await using runtime = await new InProcessRuntimeBuilder()
    .driverRegistry(drivers)
    .defaultModel({ model: "m", providerType: "near" })
    .model(idFromSeed("model", 1), { model: "m", providerType: "far" })
    .capability(capability("shell", { tools: [tool("git", { run: ["git"] })] }))
    .capability(capability("files", {
      permissions: { read: ["/data"] },
      systemPrompt: () => assert.fail("There is no session to ask for"),
    }))
    .harness({
      id: idFromSeed("harness", 1),
      name: "h",
      capabilities: ["shell"],
      mcpServers: { local: { type: "stdio", command: "docs" } },
    })
    .agent({ name: "a", capabilities: ["files"] })
    .build();
  const flags = ["--allow-read=/data", "--allow-net=far.example.com,near.example.com", "--allow-run=docs,git"];
  const needs = await runtime.requiredPermissions();
  assert.deepEqual([needs.toFlags(), needs.unknown], [["--no-prompt", ...flags], []]);
  const { id } = await runtime.createSession({ harnessId: idFromSeed("harness", 1) });
  const one = await runtime.requiredPermissions({ sessions: [id] });
  assert.deepEqual(one.toFlags(), ["--no-prompt", "--allow-net=near.example.com", "--allow-run=docs,git"]);
});
