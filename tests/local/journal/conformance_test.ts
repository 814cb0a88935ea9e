/** The journal in SQLite passes the conformance suite, alone and shared by two connections. */

import { join } from "node:path";
import { IdSource } from "../../../src/kit/ids.ts";
import { testSessionJournal } from "../../../src/testing/conformance/session_journal.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { LocalJournal } from "../../../local/journal/local_journal.ts";
import { Owners } from "../../../local/owners.ts";
import { Connection } from "../../../local/sqlite/connection.ts";
import { type TempFolder, tempFolder } from "../_support/temp_folder.ts";

interface Opened {
  readonly folder: TempFolder;
  readonly connection: Connection;
  readonly owners: Owners;
  readonly isFirst: boolean;
}

const opened = new WeakMap<LocalJournal, Opened>();

function open(folder: TempFolder, isFirst: boolean): LocalJournal {
  const clock = new FakeClock();
  const connection = Connection.open(join(folder.path, "local.db"));
  const owners = new Owners(join(folder.path, "owners"));
  const journal = new LocalJournal({ connection, owners, clock, ids: new IdSource(clock, seededRandom(1)) });
  opened.set(journal, { folder, connection, owners, isFirst });
  return journal;
}

testSessionJournal({
  name: "LocalJournal",
  test: Deno.test,
  create: () => open(tempFolder(), true),
  reopen: (first) => open(opened.get(first as LocalJournal)!.folder, false),
  close: (journal) => {
    const { folder, connection, owners, isFirst } = opened.get(journal as LocalJournal)!;
    connection.close();
    owners[Symbol.dispose]();
    if (isFirst) folder[Symbol.dispose]();
  },
});
