/** What the host has, its environment, its configuration and the key of its store, goes nowhere by itself. */

import assert from "node:assert/strict";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { InProcessRuntimeBuilder } from "../../src/runtime/builder.ts";
import { RuntimeBackends } from "../../src/runtime/backends.ts";
import { defineCapability } from "../../src/kit/define_capability.ts";
import { DriverId } from "../../src/records/model.ts";
import { Secret } from "../../src/records/secret.ts";
import { readMcpConfig } from "../../src/mcp/mod.ts";
import { codeMode, Sandbox, sandboxedTool } from "../../src/sandbox/mod.ts";
import { loadPlugin } from "../../src/plugins/mod.ts";
import { runtimeSafeCapabilities } from "../../src/capabilities/default_registry.ts";
import { LocalBackends } from "../../local/backends.ts";
import { LocalProfile } from "../../local/profile.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { canary, findCanaries, PLACES } from "./_canaries.ts";
import { spelled } from "./_echo_server.ts";
import { Sinks } from "./_sinks.ts";
import { hostSecret, inWorld, storeKey } from "./_world.ts";

Deno.test("the search finds every canary in every spelling, cut ones too, in each kind of sink", () => {
  for (const place of PLACES) {
    const value = canary(place);
    for (
      const text of [...spelled([value]).split(" "), value.slice(0, 15), value.slice(12), value.split("").join("\0")]
    ) {
      assert.ok(findCanaries(`before ${text} after`).some((found) => found.place === place), `${place}: ${text}`);
    }
  }
  assert.deepEqual(findCanaries("nothing to see 0123456789abcdef"), []);
  using folder = tempFolder();
  const sinks = new Sinks();
  {
    using _listening = sinks;
    console.log({ deep: { er: canary("openai_responses_key") } });
    Deno.stderr.writeSync(new TextEncoder().encode(canary("anthropic_key")));
    Deno.writeFileSync(`${folder.path}/a-wal`, new TextEncoder().encode(`\x00\xff${canary("gemini_key")}`));
    sinks.addFolder(folder.path);
    sinks.addError("thrown", new Error("outer", { cause: new TypeError(canary("azure_key")) }));
    sinks.addValue("value", new Map([["key", canary("azure_token")]]));
  }
  const found = new Set(sinks.findings().map((finding) => finding.split(" ")[0]));
  const planted = ["openai_responses_key", "anthropic_key", "gemini_key", "azure_key", "azure_token"];
  assert.deepEqual(found, new Set(planted));
});

Deno.test("the search finds a canary that a user writes, in events and in the database", async () => {
  const sinks = await inWorld({ model: LlmSimConfig.echo() }, async ({ turn }) => await turn(canary("host_env")));
  const places = new Set(sinks.findings().map((finding) => finding.split(" in ")[1]));
  for (const sink of ["events", "subscriber", "messages", "turn", "file local.db"]) assert.ok(places.has(sink), sink);
});

Deno.test("the environment of the host is in no child of a sandbox, and in nothing it leaves", async () => {
  using _secret = hostSecret();
  const sandbox = new Sandbox();
  const tool = sandboxedTool({
    name: "told_env",
    description: "Tells its environment.",
    module: "export default () => [Object.keys(globalThis), Deno.env.toObject()];",
    sandbox,
  });
  const code = "console.log(Object.keys(globalThis).join()); return Deno.env.toObject();";
  const sinks = await inWorld({
    model: LlmSimConfig.scripted([
      {
        type: "tool_calls",
        toolCalls: [{ name: "run_code", arguments: { code } }, { name: "told_env", arguments: {} }],
      },
      "Done.",
    ]),
    capabilities: [codeMode({ sandbox }), defineCapability({ id: "told", name: "Told", tools: [tool] })],
    session: (session) => session.withCapability("code_mode").withCapability("told"),
  }, async ({ turn, attempt }) => {
    await turn();
    await attempt("sandbox", () => sandbox.runCode(code));
  });
  // Even the names of what the host has are out of reach.
  assert.ok(sinks.has("file local.db", "Requires env access"));
  sinks.assertClean();
});

Deno.test("secrets of a session and their key are in no file and no error, whatever goes wrong with them", async () => {
  const sinks = await inWorld({
    model: LlmSimConfig.scripted([
      { type: "tool_calls", toolCalls: [{ name: "secret_store", arguments: { operation: "get", name: "token" } }] },
      { type: "tool_calls", toolCalls: [{ name: "secret_store", arguments: { operation: "list" } }] },
      "Done.",
    ]),
    session: (session) => session.withCapability("session_storage"),
  }, async ({ runtime, local, attempt, turn, sinks }) => {
    const { storageStore } = local.runtimeBackends.slots;
    const id = runtime.defaultSessionId;
    const secret = new Secret(canary("session_secret"));
    await storageStore.setSecret(id, "token", secret);
    await turn();
    const value = JSON.parse("{}", () => ({ nested: [secret] }));
    await attempt("value", () => storageStore.setValue(id, "value", value));
    await attempt("name", () => storageStore.setSecret(id, "", secret));
    await attempt(
      "shape",
      () => storageStore.setSecret(id, "token", JSON.parse(JSON.stringify(canary("session_secret")))),
    );
    sinks.addValue("secret", { secret, list: [secret], map: new Map([["a", secret]]) });
    sinks.addValue("backends", local);
    await storageStore.setSecret(id, "gone", secret);
    await storageStore.deleteSecret(id, "gone");
  });
  sinks.assertClean();
});

Deno.test("a store opened with another key, or a key of the wrong length or kind, tells neither key nor secret", async () => {
  using folder = tempFolder();
  using sinks = new Sinks();
  const session = "session_00000000000070008000000000000001";
  const open = (secretKey: unknown): Promise<LocalBackends> =>
    LocalBackends.open(new LocalProfile(folder.path), undefined, JSON.parse("{}", () => ({ secretKey })));
  {
    await using local = await open(storeKey());
    await local.runtimeBackends.slots.storageStore.setSecret(session, "token", new Secret(canary("session_secret")));
  }
  const another = storeKey().map((byte) => byte ^ 1);
  for (const key of [another, storeKey().slice(1), canary("store_key"), new Secret(canary("store_key"))]) {
    try {
      await using local = await open(key);
      sinks.addValue("secret", await local.runtimeBackends.slots.storageStore.getSecret(session, "token"));
    } catch (error) {
      sinks.addError("open", error);
    }
  }
  sinks.addFolder(folder.path);
  sinks.assertClean();
});

Deno.test("a configuration that is wrong tells what is wrong and not what is in it", async () => {
  using sinks = new Sinks();
  const value = canary("openrouter_key");
  const attempt = async (act: () => unknown): Promise<void> => {
    try {
      sinks.addValue("accepted", await act() === undefined ? "nothing" : "something");
    } catch (error) {
      sinks.addError("refused", error);
    }
  };
  const model = (apiKey: unknown): InProcessRuntimeBuilder =>
    new InProcessRuntimeBuilder().defaultModel(
      JSON.parse("{}", () => ({ model: "m", providerType: DriverId.OpenAI, apiKey })),
    );
  for (const apiKey of [{ key: value }, [value], Symbol(value), () => value]) await attempt(() => model(apiKey));
  await attempt(() => model(value).build());
  for (
    const text of [
      `{"mcpServers": {"a": {"headers": {"key": "${JSON.stringify(value).slice(1, -1)}" nonsense`,
      `${value}`,
      `{"mcpServers": {"a": {"command": "x", "env": {"KEY": ["${JSON.stringify(value).slice(1, -1)}"]}}}}`,
      `{"mcpServers": {"a": {"url": {"key": "${JSON.stringify(value).slice(1, -1)}"}}}}`,
      `{"mcpServers": "${JSON.stringify(value).slice(1, -1)}"}`,
    ]
  ) {
    await attempt(() => readMcpConfig(text));
    await attempt(() => readMcpConfig(text, { onWarning: (message) => sinks.add("warning", message) }));
    await attempt(() => loadPlugin({ "/plugin.json": text }));
    await attempt(() => loadPlugin({ "/plugin.json": '{"name":"a"}', "/.mcp.json": text }));
  }
  for (const { id: ref } of runtimeSafeCapabilities()) {
    for (
      const config of [{ secret: value }, { mode: value }, { files: [value] }, { hooks: [{ id: "a", env: value }] }, {
        checks: [value],
      }]
    ) {
      const build = () =>
        new InProcessRuntimeBuilder().llmSim(LlmSimConfig.echo()).backends(RuntimeBackends.inMemory())
          .singleSession((session) => session.harness("h", "p").withCapability({ ref, config })).build();
      await attempt(async () => {
        await using runtime = await build();
        const { status, error } = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
        sinks.addValue("turn", { status, error });
        sinks.addValue("events", runtime.events());
      });
    }
  }
  assert.ok(sinks.has("refused", "is not JSON") || sinks.has("refused", "not JSON"));
  sinks.assertClean();
});
