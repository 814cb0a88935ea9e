/** The file store passes the conformance suite, alone, shared by two connections, and as two processes in turn. */

import { testFileStore } from "../../../src/testing/conformance/file_store.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { LocalFileStore } from "../../../local/files/file_store.ts";
import { OpenedStores } from "../records/_opened_stores.ts";

const { test } = Deno;
const maxFileBytes = 1024 * 1024;

const stores = new OpenedStores((connection) =>
  new LocalFileStore(connection, { maxFileBytes, clock: new FakeClock() })
);
testFileStore({ ...stores, name: "LocalFileStore", test, maxFileBytes });
testFileStore({ ...stores, create: stores.createPair, name: "two LocalFileStores in turn", test, maxFileBytes });
