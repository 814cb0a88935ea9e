/** Local backends as a whole: what a new process finds, what the host brought itself, and what is refused. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { InMemoryEventBus } from "../../src/in_memory/event_bus.ts";
import { InMemoryFileStore } from "../../src/in_memory/file_store.ts";
import { InMemoryMessageStore } from "../../src/in_memory/message_store.ts";
import { InMemorySessionStore } from "../../src/in_memory/record_stores.ts";
import { InMemoryTurnStore } from "../../src/in_memory/turn_store.ts";
import { RuntimeClosedError } from "../../src/errors.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { defineCapability } from "../../src/kit/define_capability.ts";
import { defineTool } from "../../src/kit/define_tool.ts";
import { CapabilityRegistry, DriverRegistry } from "../../src/kit/registries.ts";
import { RuntimeBackends } from "../../src/runtime/backends.ts";
import { PlatformDefinition } from "../../src/runtime/platform.ts";
import { textOf } from "../../src/records/content.ts";
import { Secret } from "../../src/records/secret.ts";
import { LocalBackends } from "../../local/backends.ts";
import { PermissionMissingError } from "../../local/errors.ts";
import { LocalProfile } from "../../local/profile.ts";
import { openRuntime, SESSION } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

Deno.test("a new process finds sessions, history and events, and goes on", async () => {
  using folder = tempFolder();
  {
    await using first = await openRuntime(folder.path);
    await first.runtime.runTextTurn(SESSION, "one");
  }
  await using second = await openRuntime(folder.path);
  assert.deepEqual((await second.runtime.listSessions()).map(({ id }) => id), [SESSION]);
  await second.runtime.runTextTurn(SESSION, "two");
  const texts = (await second.runtime.messages(SESSION)).map(({ content }) => textOf(content));
  assert.deepEqual(texts.filter((_, at) => at % 2 === 0), ["one", "two"]);
  const events = await second.local.runtimeBackends.slots.journal?.events(SESSION);
  assert.deepEqual(events?.map(({ sequence }) => sequence), events?.map((_, at) => at + 1));
});

Deno.test("a new process reads events from any sequence by subscribing", async () => {
  using folder = tempFolder();
  {
    await using first = await openRuntime(folder.path);
    await first.runtime.runTextTurn(SESSION, "one");
  }
  await using second = await openRuntime(folder.path);
  const seen: number[] = [];
  for await (const event of second.runtime.subscribe(SESSION, { after: 3 })) {
    if (seen.push(event.sequence ?? -1) === 3) break;
  }
  assert.deepEqual(seen, [4, 5, 6]);
});

Deno.test("harnesses, agents and all of a session that is no secret survive", async () => {
  using folder = tempFolder();
  const configure = { model: LlmSimConfig.fixed("ok") };
  {
    await using first = await openRuntime(folder.path, configure);
    const created = await first.runtime.createSession({
      harnessId: (await first.runtime.loadContext(SESSION)).harnessChain[0]!.id,
      title: "a \u{1F600} title\0",
      goal: "finish",
      locale: "de-AT",
      capabilities: ["test_math"],
    });
    await first.runtime.runTextTurn(created.id, "hi");
  }
  await using second = await openRuntime(folder.path, configure);
  const [session] = (await second.runtime.listSessions()).filter(({ id }) => id !== SESSION);
  assert.ok(session);
  assert.deepEqual(
    [session.title, session.goal, session.locale, session.capabilities],
    ["a \u{1F600} title\0", "finish", "de-AT", [{ ref: "test_math" }]],
  );
  const context = await second.runtime.loadContext(session.id);
  assert.equal(context.harnessChain[0]?.name, "assistant");
  assert.equal((await second.runtime.runTextTurn(session.id, "again")).success, true);
});

Deno.test("schedules belong to the profile's owner, unless they name another", async () => {
  using folder = tempFolder();
  const profile = new LocalProfile(folder.path).withOwnerPrincipalId("principal_me");
  await using local = await LocalBackends.open(profile);
  const schedule = { sessionId: SESSION, description: "look", scheduledAt: 0 };
  const own = await local.scheduleStore.createSchedule(schedule);
  const other = await local.scheduleStore.createSchedule({ ...schedule, ownerPrincipalId: "principal_you" });
  assert.deepEqual([own, other].map((made) => made.ownerPrincipalId), ["principal_me", "principal_you"]);
});

Deno.test("session files, values and secrets survive, secrets with the same key only", async () => {
  using folder = tempFolder();
  const secretKey = new Uint8Array(32).fill(7);
  {
    await using first = await openRuntime(folder.path, { secretKey, capabilities: ["session_file_system"] });
    const { slots } = first.local.runtimeBackends;
    await (await first.runtime.files(SESSION)).writeFile("notes/a.txt", "hello\0");
    await slots.storageStore.setValue(SESSION, "color", "blue");
    await slots.storageStore.setSecret(SESSION, "token", new Secret("s3cret"));
  }
  await using second = await openRuntime(folder.path, { secretKey });
  const { slots } = second.local.runtimeBackends;
  assert.equal((await second.runtime.readFile(SESSION, "/notes/a.txt")).content, "hello\0");
  assert.equal(await slots.storageStore.getValue(SESSION, "color"), "blue");
  assert.equal((await slots.storageStore.getSecret(SESSION, "token"))?.reveal(), "s3cret");
  await using other = await openRuntime(folder.path, { secretKey: new Uint8Array(32).fill(8) });
  await assert.rejects(other.local.runtimeBackends.slots.storageStore.getSecret(SESSION, "token"), {
    code: "secret_unreadable",
  });
});

Deno.test("a turn that a process left open is finished by the next one, its effect not repeated", async () => {
  using folder = tempFolder();
  const effects: string[] = [];
  const started = Promise.withResolvers<void>();
  const tool = (hang: boolean) =>
    defineCapability({
      id: "effects",
      name: "Effects",
      tools: [defineTool({
        name: "send_mail",
        description: "Sends a mail",
        parameters: { type: "object" },
        execute: (_, { signal }) => {
          effects.push("mail");
          started.resolve();
          return hang ? new Promise((_, reject) => signal.addEventListener("abort", reject)) : "sent";
        },
      })],
    });
  const model = LlmSimConfig.scripted([
    { type: "tool_calls", toolCalls: [{ name: "send_mail", arguments: {} }] },
    "done",
  ]);
  const first = await openRuntime(folder.path, {
    model,
    capabilities: ["effects"],
    configure: (builder) => builder.capability(tool(true)),
  });
  const abandoned = first.runtime.runTextTurn(SESSION, "send it").catch(() => {});
  await started.promise;
  // The process dies: its locks are free, and nothing of it commits any more.
  await first.local.close();

  await using second = await openRuntime(folder.path, {
    model: LlmSimConfig.fixed("it is not known whether the mail was sent"),
    capabilities: ["effects"],
    configure: (builder) => builder.capability(tool(false)),
  });
  const [recovered] = await second.runtime.recover();
  assert.equal(recovered?.result?.response, "it is not known whether the mail was sent");
  assert.deepEqual(effects, ["mail"]);
  const results = (await second.runtime.messages(SESSION)).filter(({ role }) => role === "tool_result");
  assert.equal(results.length, 1);
  await first.runtime.close().catch(() => {});
  await abandoned;
});

Deno.test("a session that another process runs a turn of is busy, and the holder is named", async () => {
  using folder = tempFolder();
  const gate = Promise.withResolvers<void>();
  const waiting = defineCapability({
    id: "gate",
    name: "Gate",
    tools: [defineTool({
      name: "wait",
      description: "Waits",
      parameters: { type: "object" },
      effect: "pure",
      execute: async () => await gate.promise.then(() => "open"),
    })],
  });
  const model = LlmSimConfig.scripted([{ type: "tool_calls", toolCalls: [{ name: "wait", arguments: {} }] }, "done"]);
  await using first = await openRuntime(folder.path, {
    model,
    capabilities: ["gate"],
    configure: (builder) => builder.capability(waiting),
  });
  const turn = first.runtime.startTurn(SESSION, "wait");
  await turn.accepted;
  await using second = await openRuntime(folder.path);
  await assert.rejects(second.runtime.runTextTurn(SESSION, "me too"), {
    code: "session_busy",
    message: /owner "owner_[0-9a-f]+" of process \d+ is running one/,
  });
  assert.equal((await second.runtime.messages(SESSION)).length > 0, true);
  gate.resolve();
  assert.equal((await turn.result).success, true);
  assert.equal((await second.runtime.runTextTurn(SESSION, "now")).success, true);
});

Deno.test("what the host chose is kept: its stores, its bus and its file store", async () => {
  using folder = tempFolder();
  const sessionStore = new InMemorySessionStore();
  const eventBus = new InMemoryEventBus();
  const fileStore = new InMemoryFileStore();
  const backends = RuntimeBackends.inMemory().withSessionStore(sessionStore).withEventBus(eventBus)
    .withFileStore(fileStore);
  await using opened = await openRuntime(folder.path, { backends });
  const { slots } = opened.local.runtimeBackends;
  assert.ok(slots.sessionStore === sessionStore && slots.eventBus === eventBus && slots.fileStore === fileStore);
  assert.equal(slots.providerStore, backends.slots.providerStore);
  await opened.runtime.runTextTurn(SESSION, "hi");
  assert.ok(eventBus.collectedEvents().some(({ type }) => type === "turn.completed"));
  assert.equal((await sessionStore.listSessions()).length, 1);
});

Deno.test("a message store of the host is filled and read from", async () => {
  using folder = tempFolder();
  const messageStore = new InMemoryMessageStore();
  const backends = RuntimeBackends.inMemory().withMessageStore(messageStore);
  await using opened = await openRuntime(folder.path, { backends });
  await opened.runtime.runTextTurn(SESSION, "hi");
  assert.equal(await messageStore.countMessages(SESSION), 2);
});

Deno.test("with a turn store of the host the conversation is the host's", async () => {
  using folder = tempFolder();
  const backends = RuntimeBackends.inMemory().withTurnStore(new InMemoryTurnStore());
  await using opened = await openRuntime(folder.path, { backends });
  assert.equal(opened.local.runtimeBackends.slots.journal, undefined);
  await opened.runtime.runTextTurn(SESSION, "hi");
  assert.equal((await opened.runtime.messages(SESSION)).length, 2);
});

Deno.test("a file-system factory of the platform wins over files in the store", async () => {
  using folder = tempFolder();
  const fileStore = new InMemoryFileStore();
  await using opened = await openRuntime(folder.path, {
    configure: (builder) =>
      builder.platformDefinition(
        new PlatformDefinition({
          capabilities: new CapabilityRegistry(),
          drivers: new DriverRegistry(),
          sessionFileSystemFactory: { name: "mine", create: () => fileStore },
        }),
      ),
  });
  await (await opened.runtime.files(SESSION)).writeFile("a.txt", "hello");
  assert.equal((await fileStore.readFile(SESSION, "/a.txt")).content, "hello");
});

Deno.test("a missing grant is one error that names the flags, before anything is opened", {
  permissions: { read: [".tmp", "tests/local/golden"], write: [".tmp"] },
}, async () => {
  const folder = "/nowhere/agent-data";
  await assert.rejects(LocalBackends.open(new LocalProfile(folder)), (error) => {
    assert.ok(error instanceof PermissionMissingError);
    assert.deepEqual(error.flags, [`--allow-read=${folder}`, `--allow-write=${folder}`]);
    assert.match(error.message, /^Cannot open data folder .*: read and write access is not granted \(run with /);
    return true;
  });
});

Deno.test("a folder that may only be read is refused with the flag for writing, and nothing is made", {
  permissions: { read: [".tmp", "tests/local/golden"], write: [".tmp"] },
}, async () => {
  const golden = join(Deno.cwd(), "tests/local/golden");
  const before = [...Deno.readDirSync(golden)].map(({ name }) => name);
  await assert.rejects(LocalBackends.open(new LocalProfile(golden)), (error) => {
    assert.ok(error instanceof PermissionMissingError);
    assert.deepEqual(error.flags, [`--allow-write=${golden}`]);
    return true;
  });
  assert.deepEqual([...Deno.readDirSync(golden)].map(({ name }) => name), before);
});

Deno.test("closing gives back every lock and file: the folder holds the store alone", async () => {
  using folder = tempFolder();
  {
    await using opened = await openRuntime(folder.path);
    await opened.runtime.runTextTurn(SESSION, "hi");
  }
  assert.deepEqual(
    [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(),
    [".create.lock", "local.db", "owners"],
  );
  assert.deepEqual([...Deno.readDirSync(join(folder.path, "owners"))], []);
});

Deno.test("closing ends background work, whose handle nobody disposes of", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  const local = await LocalBackends.open(new LocalProfile(folder.path), RuntimeBackends.inMemory(), { clock });
  local.startBackground();
  await clock.advanceAsync(0);
  assert.notEqual(clock.pending, 0);
  await local.close();
  await clock.advanceAsync(0);
  assert.equal(clock.pending, 0);
});

Deno.test("a task after closing is refused, and its worker does not come back to life", async () => {
  using folder = tempFolder();
  const local = await LocalBackends.open(new LocalProfile(folder.path));
  await local.close();
  const { taskRegistry: registry } = local;
  const task = { sessionId: SESSION, kind: "note", displayName: "Note", workerId: registry.workerId };
  await assert.rejects(registry.create(task), RuntimeClosedError);
  assert.throws(() => Deno.lstatSync(join(folder.path, "owners")), Deno.errors.NotFound);
});

Deno.test("opening removes the lock files of dead processes", async () => {
  using folder = tempFolder();
  const owners = join(folder.path, "owners");
  Deno.mkdirSync(owners);
  Deno.writeTextFileSync(join(owners, "owner_dead"), "{}");
  await using _local = await LocalBackends.open(new LocalProfile(folder.path));
  assert.deepEqual([...Deno.readDirSync(owners)], []);
});

Deno.test("requiredPermissions() of a runtime over local backends names the data folder", async () => {
  using folder = tempFolder();
  await using opened = await openRuntime(folder.path);
  const needed = await opened.runtime.requiredPermissions();
  assert.deepEqual([needed.read, needed.write], [[folder.path], [folder.path]]);
});

Deno.test("limits of files and of schedules are the host's to choose", async () => {
  using folder = tempFolder();
  await using opened = await openRuntime(folder.path, {
    fileLimits: { maxFileBytes: 3 },
    scheduleLimits: { maxPerSession: 0 },
  });
  const files = await opened.runtime.files(SESSION);
  await files.writeFile("a.txt", "abc");
  await assert.rejects(files.writeFile("b.txt", "abcd"), { code: "file_too_large" });
  await assert.rejects(
    opened.local.scheduleStore.createScheduleEnforcingLimits({
      sessionId: SESSION,
      description: "Tea",
      cronExpression: "0 0 * * *",
    }),
    { code: "schedule_limit" },
  );
});
