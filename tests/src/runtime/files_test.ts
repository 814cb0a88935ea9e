/** Files of a session: those of its layers, seeded ones, and reading them. */

import assert from "node:assert/strict";
import {
  defineTool,
  FileStoreError,
  idFromSeed,
  type InitialFile,
  InMemoryFileStore,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  NotFoundError,
  PlatformDefinition,
  RuntimeBackends,
  type SessionFileSystemFactory,
} from "../../../mod.ts";
import { callTools, say, scriptedRuntime, simRuntime } from "../_support/runtime.ts";

const ROOT = idFromSeed("harness", 1);
const LEAF = idFromSeed("harness", 2);
const SESSION = idFromSeed("session", 1);

function file(path: string, content: string, change: Partial<InitialFile> = {}): InitialFile {
  return { path, content, encoding: "text", ...change };
}

function chained(): InProcessRuntimeBuilder {
  return new InProcessRuntimeBuilder()
    .llmSim(LlmSimConfig.fixed("ok"))
    .harness({
      id: ROOT,
      name: "root",
      initialFiles: [file("/root.txt", "root", { isReadonly: true }), file("/both.txt", "root")],
    })
    .harness({ id: LEAF, name: "leaf", parentHarnessId: ROOT, initialFiles: [file("/workspace/both.txt", "leaf")] })
    .session({ id: SESSION, harnessId: LEAF, initialFiles: [file("session.txt", "session")] });
}

Deno.test("build() writes the files of the whole harness chain, the nearest layer winning", async () => {
  await using runtime = await chained().build();
  const contents = [];
  for (const path of ["/root.txt", "/both.txt", "/session.txt"]) {
    contents.push((await runtime.readFile(SESSION, path)).content);
  }
  assert.deepEqual(contents, ["root", "leaf", "session"]);
});

Deno.test("an initial file keeps its read-only mark", async () => {
  await using runtime = await chained().build();
  assert.equal((await runtime.readFile(SESSION, "/root.txt")).isReadonly, true);
  assert.equal((await runtime.readFile(SESSION, "/both.txt")).isReadonly, false);
});

Deno.test("a read-only initial file cannot be changed by a tool", async () => {
  const write = defineTool({
    name: "write",
    description: "",
    execute: (_, { files }) => files.writeFile("/root.txt", "changed"),
  });
  await using sim = await scriptedRuntime([callTools("write"), "done"], {
    tools: [write],
    session: (single) => single.harnessInitialFile(file("/root.txt", "root", { isReadonly: true })),
  });
  await say(sim.runtime);
  assert.equal((await sim.runtime.readFile(sim.runtime.defaultSessionId, "/root.txt")).content, "root");
});

Deno.test("build() writes the files capabilities bring", async () => {
  await using runtime = await simRuntime("ok", {
    capabilities: [{ id: "docs", name: "Docs", files: [file("/docs/readme.md", "read me")] }],
  });
  assert.equal((await runtime.readFile(runtime.defaultSessionId, "/docs/readme.md")).content, "read me");
});

Deno.test("a layer's file wins over the one a capability brings", async () => {
  await using runtime = await simRuntime("ok", {
    capabilities: [{ id: "docs", name: "Docs", files: [file("/a.txt", "capability")] }],
    session: (single) => single.harnessInitialFile(file("/a.txt", "layer")),
  });
  assert.equal((await runtime.readFile(runtime.defaultSessionId, "/a.txt")).content, "layer");
});

Deno.test("initial files are written only where nothing is yet", async () => {
  const backends = RuntimeBackends.inMemory().withFileStore(new InMemoryFileStore());
  await using first = await chained().backends(backends).seedTextFile(SESSION, "/both.txt", "changed by hand").build();
  await using second = await chained().backends(backends).build();
  assert.equal((await second.readFile(SESSION, "/both.txt")).content, "changed by hand");
  assert.equal((await first.readFile(SESSION, "/both.txt")).content, "changed by hand");
});

Deno.test("seedTextFile() writes after the initial files", async () => {
  await using runtime = await chained().seedTextFile(SESSION, "both.txt", "seeded").build();
  assert.equal((await runtime.readFile(SESSION, "/both.txt")).content, "seeded");
});

Deno.test("createSession() writes the files of the new session's layers", async () => {
  await using runtime = await chained().build();
  const { id } = await runtime.createSession({ harnessId: LEAF });
  assert.equal((await runtime.readFile(id, "/both.txt")).content, "leaf");
});

Deno.test("sessions do not see each other's files, unless they share a workspace", async () => {
  const other = idFromSeed("session", 2);
  await using apart = await chained().session({ id: other, harnessId: LEAF }).build();
  await assert.rejects(apart.readFile(other, "/session.txt"), FileStoreError);
  await using shared = await chained().session({ id: other, harnessId: LEAF, workspaceId: SESSION }).build();
  assert.equal((await shared.readFile(other, "/session.txt")).content, "session");
});

Deno.test("readFile() says what is wrong with a path or a session", async () => {
  await using runtime = await chained().build();
  const codeOf = async (path: string) => {
    const thrown = await runtime.readFile(SESSION, path).catch((error: unknown) => error);
    return thrown instanceof FileStoreError ? thrown.code : thrown;
  };
  assert.equal(await codeOf("/nothing.txt"), "file_not_found");
  assert.equal(await codeOf("/../etc/passwd"), "path_invalid");
  await assert.rejects(runtime.readFile(idFromSeed("session", 99), "/a"), NotFoundError);
  await assert.rejects(runtime.readFile("session_1", "/a"), TypeError);
});

Deno.test("the platform's file system factory makes the store, with what the host hands it", async () => {
  const store = new InMemoryFileStore();
  const seen: unknown[] = [];
  const factory: SessionFileSystemFactory = {
    name: "mine",
    create: ({ extensions }) => {
      seen.push(extensions.get("root"));
      return Promise.resolve(store);
    },
  };
  await using runtime = await chained()
    .platformDefinition(new PlatformDefinition({ sessionFileSystemFactory: factory }))
    .sessionFileSystemFactoryContext("root", "/here")
    .build();
  assert.equal((await runtime.readFile(SESSION, "/root.txt")).content, "root");
  assert.equal((await store.readFile(SESSION, "/root.txt")).content, "root");
  assert.deepEqual(seen, ["/here"]);
});

Deno.test("a file store among the backends wins over the platform's factory", async () => {
  const store = new InMemoryFileStore();
  const factory: SessionFileSystemFactory = {
    name: "never",
    create: () => assert.fail("the factory was asked"),
  };
  await using _runtime = await chained()
    .platformDefinition(new PlatformDefinition({ sessionFileSystemFactory: factory }))
    .backends(RuntimeBackends.inMemory().withFileStore(store))
    .build();
  assert.equal((await store.readFile(SESSION, "/root.txt")).content, "root");
});
