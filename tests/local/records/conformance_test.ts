/** The record stores and the session storage pass the conformance suite, alone and as two processes in turn. */

import { testAgentStore } from "../../../src/testing/conformance/agent_store.ts";
import { testHarnessStore } from "../../../src/testing/conformance/harness_store.ts";
import { testSessionStorageStore } from "../../../src/testing/conformance/session_storage_store.ts";
import { testSessionStore } from "../../../src/testing/conformance/session_store.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { LocalAgentStore } from "../../../local/records/agent_store.ts";
import { LocalHarnessStore } from "../../../local/records/harness_store.ts";
import { LocalSessionStorageStore } from "../../../local/records/session_storage_store.ts";
import { LocalSessionStore } from "../../../local/records/session_store.ts";
import { OpenedStores } from "./_opened_stores.ts";

const { test } = Deno;
const KEY = new Uint8Array(32).fill(7);

const harnesses = new OpenedStores((connection) => new LocalHarnessStore(connection));
testHarnessStore({ ...harnesses, name: "LocalHarnessStore", test });
testHarnessStore({ ...harnesses, create: harnesses.createPair, name: "two LocalHarnessStores in turn", test });

const agents = new OpenedStores((connection) => new LocalAgentStore(connection));
testAgentStore({ ...agents, name: "LocalAgentStore", test });
testAgentStore({ ...agents, create: agents.createPair, name: "two LocalAgentStores in turn", test });

const sessions = new OpenedStores((connection) => new LocalSessionStore(connection, { clock: new FakeClock() }));
testSessionStore({ ...sessions, name: "LocalSessionStore", test });
testSessionStore({ ...sessions, create: sessions.createPair, name: "two LocalSessionStores in turn", test });

const storages = new OpenedStores((connection) => new LocalSessionStorageStore(connection, { secretKey: KEY }));
testSessionStorageStore({ ...storages, name: "LocalSessionStorageStore", test });
testSessionStorageStore({
  ...storages,
  create: storages.createPair,
  name: "two LocalSessionStorageStores in turn",
  test,
});
