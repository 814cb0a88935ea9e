/** Records in a store: the same frozen object until a change, and nothing in them that is a secret or no JSON. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../../src/records/ids.ts";
import { Secret } from "../../../src/records/secret.ts";
import type { Session } from "../../../src/records/session.ts";
import { agentFixture, harnessFixture, sessionFixture } from "../../../src/testing/conformance/record_fixtures.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { LocalAgentStore } from "../../../local/records/agent_store.ts";
import { LocalHarnessStore } from "../../../local/records/harness_store.ts";
import { RecordTable } from "../../../local/records/record_table.ts";
import { LocalSessionStore } from "../../../local/records/session_store.ts";
import type { Connection } from "../../../local/sqlite/connection.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { openStore } from "./_opened_stores.ts";

const ID = idFromSeed("session", 1);
const FULL: Session = sessionFixture(1, {
  agentId: idFromSeed("agent", 1),
  ownerPrincipalId: "someone",
  goal: "Win",
  modelId: idFromSeed("model", 1),
  systemPrompt: "Be brief.",
  initialFiles: [{ path: "/a.txt", content: "a", encoding: "text", isReadonly: true }],
  mcpServers: {
    search: { type: "http", url: "https://mcp.example/", headers: { "X-Team": "a" }, toolDiscovery: true },
  },
  networkAccess: { allowed: ["*.example.com"], blocked: [] },
  tags: ["a", "b"],
  tools: [{ type: "client_side", name: "ask", description: "Asks.", parameters: { type: "object", properties: {} } }],
  hints: { deep: [{ list: [1, null, "x"] }] },
  maxIterations: 9,
  parallelToolCalls: false,
  parentSessionId: idFromSeed("session", 9),
  blueprintId: "blueprint",
  blueprintConfig: { depth: 2 },
  isPinned: true,
});

Deno.test("every member of a session survives closing the store", async () => {
  using folder = tempFolder();
  {
    using db = openStore(folder);
    await new LocalSessionStore(db).addSession(FULL);
  }
  using db = openStore(folder);
  assert.deepEqual(await new LocalSessionStore(db).getSession(ID), FULL);
});

Deno.test("a record is read as the same object until it changes", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  await store.addSession(FULL);
  const first = await store.getSession(ID);
  assert.equal(await store.getSession(ID), first);
  assert.equal((await store.listSessions())[0], first);
  await store.updateSessionTitle(ID, "New");
  const second = await store.getSession(ID);
  assert.notEqual(second, first);
  assert.equal(await store.getSession(ID), second);
});

Deno.test("a harness chain is read as the same objects until one changes", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalHarnessStore(db);
  const [root, leaf] = [harnessFixture(1), harnessFixture(2, { parentHarnessId: idFromSeed("harness", 1) })];
  for (const harness of [root, leaf]) await store.addHarness(harness);
  const before = await store.getHarnessChain(leaf.id);
  await store.addHarness({ ...root, name: "changed" });
  const after = await store.getHarnessChain(leaf.id);
  assert.notEqual(after[0], before[0]);
  assert.equal(after[0]?.name, "changed");
  assert.equal(after[1], before[1]);
});

Deno.test("adding a record again that is stored as it is changes nothing, and the object stays", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalAgentStore(db);
  await store.addAgent(agentFixture(1));
  const first = await store.getAgent(agentFixture(1).id);
  await store.addAgent(agentFixture(1));
  assert.equal(await store.getAgent(agentFixture(1).id), first);
  assert.deepEqual(db.all("SELECT revision FROM record").map((row) => row["revision"]), [1]);
});

Deno.test("an unchanged record is not read again: only its revision is", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  await store.addSession(FULL);
  await db.write(() => db.run("UPDATE record SET body = '{}'"));
  assert.deepEqual(await store.getSession(ID), FULL);
});

Deno.test("a change by another process is seen by the next read", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  using other = openStore(folder);
  const [store, theirs] = [new LocalSessionStore(db), new LocalSessionStore(other)];
  await store.addSession(FULL);
  assert.equal((await store.getSession(ID))?.title, "Session 1");
  await theirs.updateSessionTitle(ID, "Theirs");
  assert.equal((await store.getSession(ID))?.title, "Theirs");
  assert.deepEqual((await store.listSessions()).map(({ title }) => title), ["Theirs"]);
});

Deno.test("records are frozen to their depth, and share nothing with what was given", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  const tags = ["mine"];
  await store.addSession({ ...FULL, tags });
  tags.push("later");
  const written = await store.getSession(ID);
  const read = await new LocalSessionStore(db).getSession(ID);
  for (const session of [written, read]) {
    assert.deepEqual(session?.tags, ["mine"]);
    for (const part of [session, session?.tags, session?.hints, session?.hints?.["deep"], session?.tools[0]]) {
      assert.ok(Object.isFrozen(part));
    }
  }
});

Deno.test("members that are undefined are left out", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  const hints = Object.assign({}, FULL.hints, { nothing: undefined });
  await store.addSession({ ...FULL, hints });
  assert.deepEqual(await store.getSession(ID), FULL);
});

Deno.test("a cache of two records still serves three, each as it is", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const table = new RecordTable(db, "session", { cacheSize: 2 });
  const sessions = [1, 2, 3].map((seed) => sessionFixture(seed));
  for (const session of sessions) await table.put(session);
  const [first, second, third] = sessions.map(({ id }) => id);
  const kept = table.get(third!);
  assert.deepEqual(table.get(first!), sessions[0]);
  // Used again meanwhile, so it is not the one that has to go.
  assert.equal(table.get(third!), kept);
  assert.deepEqual(table.get(second!), sessions[1]);
  assert.equal(table.get(third!), kept);
  for (const id of [first, second]) table.get(id!);
  assert.notEqual(table.get(third!), kept);
  assert.deepEqual(table.get(third!), sessions[2]);
});

Deno.test("an edit raises updatedAt, also when the clock stands still or went back", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const clock = new FakeClock();
  const store = new LocalSessionStore(db, { clock });
  await store.addSession(FULL);
  const stamps: (number | undefined)[] = [];
  for (const now of [FULL.updatedAt, FULL.updatedAt - 5000, FULL.updatedAt + 5000]) {
    clock.setNow(now);
    await store.upsertSessionCapability(ID, { ref: "a", config: { now } });
    stamps.push((await store.getSession(ID))?.updatedAt);
  }
  assert.deepEqual(stamps, [1, 2, 5000].map((later) => FULL.updatedAt + later));
});

Deno.test("removing a capability that is not there changes nothing", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  await store.addSession(FULL);
  const before = await store.getSession(ID);
  assert.equal(await store.removeSessionCapability(ID, "none"), false);
  assert.equal(await store.getSession(ID), before);
  await assert.rejects(store.removeSessionCapability(idFromSeed("session", 5), "none"), { code: "session_not_found" });
});

Deno.test("of sessions made in the same millisecond the one added later is listed first", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  const added = [3, 1, 2].map((seed) => sessionFixture(seed, { createdAt: 1 }));
  for (const session of added) await store.addSession(session);
  await store.addSession({ ...added[0]!, title: "Replaced" });
  const ids = (await store.listSessions()).map(({ id }) => id);
  assert.deepEqual(ids, [2, 1, 3].map((seed) => idFromSeed("session", seed)));
});

Deno.test("a secret anywhere in a record is refused, naming the member, and nothing is stored", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  const headers = Object.assign({}, { Authorization: new Secret("canary") as unknown }) as Record<string, string>;
  const adding = store.addSession({ ...FULL, mcpServers: { search: { url: "https://mcp.example/", headers } } });
  await assert.rejects(adding, (error: Error & { code?: string }) => {
    assert.equal(error.code, "secret_in_record");
    assert.match(error.message, /"mcpServers\.search\.headers\.Authorization".*secretRef/);
    assert.doesNotMatch(error.message, /canary/);
    return true;
  });
  assert.deepEqual(await store.listSessions(), []);
});

Deno.test("a secret in a capability is refused, and the session stays as it was", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  await store.addSession(FULL);
  const before = await store.getSession(ID);
  const config = Object.assign({}, { token: new Secret("canary") as unknown }) as Record<string, string>;
  await assert.rejects(store.upsertSessionCapability(ID, { ref: "a", config }), { code: "secret_in_record" });
  assert.equal(await store.getSession(ID), before);
});

const circle: Record<string, unknown> = {};
circle["self"] = circle;
const refused: readonly (readonly [what: string, value: unknown])[] = [
  ["a function", () => {}],
  ["a big integer", 1n],
  ["a symbol", Symbol("s")],
  ["NaN", NaN],
  ["a date", new Date(0)],
  ["a map", new Map([["a", 1]])],
  ["bytes", new Uint8Array(2)],
  ["a circle", circle],
];
for (const [what, value] of refused) {
  Deno.test(`${what} in a record is refused, naming the member, and nothing is stored`, async () => {
    using folder = tempFolder();
    using db = openStore(folder);
    const store = new LocalSessionStore(db);
    const hints = Object.assign({}, { list: [1, { wrong: value }] }) as Session["hints"] & object;
    await assert.rejects(store.addSession({ ...FULL, hints }), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^Cannot store session "session_0*1" \(member "hints\.list\.1\.wrong/);
      return true;
    });
    assert.deepEqual(await store.listSessions(), []);
  });
}

Deno.test("a record without an id of its kind is refused", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  for (const id of [idFromSeed("agent", 1), "session_1", `${ID}\u0000`, `${ID}\n`]) {
    await assert.rejects(new LocalSessionStore(db).addSession({ ...FULL, id: id as Session["id"] }), TypeError);
  }
  assert.deepEqual(db.all("SELECT id FROM record"), []);
});

Deno.test("an id with something after it finds nothing", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStore(db);
  await store.addSession(FULL);
  for (const id of [`${ID}\u0000`, `${ID}\u0000x`, `${ID}\n`] as const) {
    assert.equal(await store.getSession(id), undefined);
    await assert.rejects(store.updateSessionTitle(id, "New"), { code: "session_not_found" });
  }
});

Deno.test("a damaged session is refused by name, and hides no other", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await addThree(db);
  await db.write(() => db.run("UPDATE record SET body = replace(body, 'Session 2', 'Session Z')"));
  const store = new LocalSessionStore(db);
  const damaged = idFromSeed("session", 2);
  await assert.rejects(store.getSession(damaged), { code: "corrupt_record", message: new RegExp(damaged) });
  await assert.rejects(store.updateSessionTitle(damaged, "New"), { code: "corrupt_record" });
  assert.deepEqual((await store.listSessions()).map(({ title }) => title), ["Session 3", "Session 1"]);
  assert.equal((await store.getSession(ID))?.title, "Session 1");
});

Deno.test("a damaged session is mended by adding it again", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await addThree(db);
  await db.write(() => db.run("UPDATE record SET hash = '00'"));
  const store = new LocalSessionStore(db);
  await store.addSession(sessionFixture(2));
  assert.deepEqual(await new LocalSessionStore(db).getSession(idFromSeed("session", 2)), sessionFixture(2));
});

Deno.test("a row with the content of another is refused", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await addThree(db);
  const from = idFromSeed("session", 3);
  await db.write(() =>
    db.run(
      "UPDATE record SET (body, hash) = (SELECT body, hash FROM record WHERE id = ?) WHERE id = ?",
      from,
      idFromSeed("session", 2),
    )
  );
  const store = new LocalSessionStore(db);
  await assert.rejects(store.getSession(idFromSeed("session", 2)), { code: "corrupt_record" });
  assert.deepEqual(await store.getSession(from), sessionFixture(3));
});

Deno.test("a harness whose parent is damaged is refused, naming the parent", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const root = harnessFixture(1);
  const leaf = harnessFixture(2, { parentHarnessId: root.id });
  for (const harness of [root, leaf]) await new LocalHarnessStore(db).addHarness(harness);
  await db.write(() => db.run("UPDATE record SET revision = 7 WHERE id = ?", root.id));
  const reading = new LocalHarnessStore(db).getHarnessChain(leaf.id);
  await assert.rejects(reading, { code: "corrupt_record", message: new RegExp(`harness "${root.id}"`) });
});

async function addThree(db: Connection): Promise<void> {
  const store = new LocalSessionStore(db);
  for (const seed of [1, 2, 3]) await store.addSession(sessionFixture(seed));
}
