/** Real processes that crash, hang, talk nonsense, flood, or will not end. */

import assert from "node:assert/strict";
import { InProcessRuntimeBuilder, LlmSimConfig } from "../../mod.ts";
import { mcpStdio, type McpStdioOptions } from "../../src/mcp/stdio/mod.ts";
import type { McpServerConfig } from "../../src/records/mcp.ts";
import type { ToolOutcome } from "../../src/ports/tool.ts";
import { type Connected, connected } from "../src/mcp/_servers.ts";
import { denoEnvironment } from "./_npm_servers.ts";

const SCRIPT = new URL("servers/scripted_server.ts", import.meta.url).pathname;

function scripted(mode: string, change: McpServerConfig = {}, port?: number): McpServerConfig {
  const args = [
    "run",
    "--no-prompt",
    "--no-config",
    "--allow-env",
    "--allow-net=127.0.0.1",
    "--allow-run=deno",
    SCRIPT,
    mode,
  ];
  if (port !== undefined) args.push(String(port));
  return { type: "stdio", command: "deno", args, env: denoEnvironment(), protocolMode: "legacy", ...change };
}

function connect(mode: string, change: McpServerConfig = {}, options: McpStdioOptions = {}): Promise<Connected> {
  return connected(mcpStdio(options), scripted(mode, change));
}

function errorOf(outcome: ToolOutcome): string {
  return outcome.type === "error" ? outcome.message : `no error: ${JSON.stringify(outcome)}`;
}

Deno.test("a process that crashes in a call is told with its code and last words, and started again", async () => {
  await using client = await connect("crash");
  const crashed = /^MCP server "test" exited with code 3; stderr: segmentation fault, more or less$/;
  assert.match(errorOf(await client.call("work")), crashed);
  assert.match(errorOf(await client.call("work")), crashed);
});

Deno.test("a process that ends at once is told with its code and last words", async () => {
  await using client = await connect("dies");
  await assert.rejects(client.tools(), /exited with code 7; stderr: cannot open the database/);
});

Deno.test("a process that never answers the handshake is given up", async () => {
  await using client = await connect("silent", {}, { connectMs: 300 });
  await assert.rejects(client.tools(), /timed out|was ended by SIG/i);
});

Deno.test("a call that hangs ends at its deadline and the process serves the next one", async () => {
  await using client = await connect("hang", { timeoutMs: 100 });
  assert.match(errorOf(await client.call("work")), /gave no sign of life for 100 ms/);
  assert.match(errorOf(await client.call("work")), /gave no sign of life for 100 ms/);
});

for (const mode of ["good", "garbage", "flood", "stderr flood"]) {
  Deno.test(`a process is served that is: ${mode}`, async () => {
    await using client = await connect(mode);
    assert.deepEqual(await client.call("work"), { type: "success", value: { result: "done" } });
    assert.deepEqual(await client.call("work"), { type: "success", value: { result: "done" } });
  });
}

Deno.test("a process that writes a line without end is ended", async () => {
  await using client = await connect("long line");
  assert.match(errorOf(await client.call("work")), /wrote too much \(a line has more than 4194304 bytes\)/);
});

Deno.test("a process sees exactly the configured environment", async () => {
  const env = { ...denoEnvironment(), CONFIGURED: "yes" };
  await using client = await connect("environment", { env });
  const outcome = await client.call("work");
  const value = outcome.type === "success" ? outcome.value as { result: string } : { result: "{}" };
  assert.deepEqual(Object.keys(JSON.parse(value.result)).sort(), Object.keys(env).sort());
});

for (const mode of ["good", "stubborn", "parent"]) {
  Deno.test(`closing leaves no process behind that is: ${mode}`, async () => {
    await using lives = new Lives();
    const client = await connected(mcpStdio({ graceMs: 200 }), scripted(mode, {}, lives.port));
    await client.tools();
    await lives.begun(mode === "parent" ? 2 : 1);
    await client[Symbol.asyncDispose]();
    await lives.over();
  });
}

for (const mode of ["good", "parent"]) {
  Deno.test(`a host that is killed leaves no process behind that is: ${mode}`, async () => {
    await using lives = new Lives();
    const host = startHost(["--allow-run=deno"], [mode, String(lives.port), JSON.stringify(denoEnvironment())]);
    await lives.begun(mode === "parent" ? 2 : 1);
    host.kill("SIGKILL");
    await host.status;
    await host.stdin.close().catch(() => {});
    await lives.over();
  });
}

Deno.test("a call is answered although what the crashed process started holds its output open", async () => {
  await using lives = new Lives();
  await using client = await connected(mcpStdio({ graceMs: 100 }), scripted("abandons", {}, lives.port));
  await client.tools();
  await lives.begun(2);
  assert.match(errorOf(await client.call("work")), /exited with code 3/);
});

for (const mode of ["abandons", "detaches"]) {
  Deno.test(`a process group ends with everything it started, also what minds nothing: ${mode}`, async () => {
    await using lives = new Lives();
    const args = [mode, String(lives.port), JSON.stringify(denoEnvironment()), "group"];
    const host = startHost(["--allow-run"], args);
    await lives.begun(2);
    await host.stdin.close();
    await host.status;
    await lives.over();
  });
}

/** A program that hosts the scripted server, with flags of its own. */
function startHost(flags: readonly string[], args: readonly string[]): Deno.ChildProcess {
  const script = new URL("servers/host.ts", import.meta.url).pathname;
  return new Deno.Command("deno", {
    args: ["run", "--no-prompt", ...flags, script, ...args],
    stdin: "piped",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
}

Deno.test("a server whose program does not exist is skipped with a warning that says so, and the turn goes on", {
  permissions: { net: ["127.0.0.1"], run: ["deno"], env: ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"] },
}, async () => {
  await using runtime = await new InProcessRuntimeBuilder()
    .llmSim(LlmSimConfig.fixed("fine"))
    .toolSource(mcpStdio())
    .singleSession((single) =>
      single.harness("h", "p").sessionMcpServers({
        gone: { type: "stdio", command: "deno", cwd: "/nonexistent/folder" },
        denied: { type: "stdio", command: "some-other-program" },
      })
    )
    .build();
  assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "hi")).response, "fine");
  const warnings = runtime.events().flatMap((event) => event.type === "runtime.warning" ? [event.data.message] : []);
  assert.match(warnings.find((warning) => warning.includes('"gone"')) ?? "", /it was not found; install it or/);
  assert.match(
    warnings.find((warning) => warning.includes('"denied"')) ?? "",
    /run with --allow-run=some-other-program/,
  );
});

/** Processes that hold a connection to it for as long as they live. */
class Lives implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #lives: Promise<void>[] = [];
  readonly #connections: Deno.TcpConn[] = [];
  readonly #accepting: Promise<void>;
  #onBegin = (): void => {};

  constructor() {
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Resolves when so many have begun. */
  async begun(count: number): Promise<void> {
    while (this.#lives.length < count) await new Promise<void>((resolve) => this.#onBegin = resolve);
  }

  /** Resolves when all of them have ended. */
  async over(): Promise<void> {
    await Promise.all(this.#lives);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch {
        // It ended with its process.
      }
    }
    await Promise.all([this.#accepting, ...this.#lives]);
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#connections.push(connection);
        this.#lives.push(connection.readable.pipeTo(new WritableStream()).catch(() => {}));
        this.#onBegin();
      }
    } catch {
      // Closed.
    }
  }
}
