/** Journals over one data folder; each stands for a process. */

import { join } from "node:path";
import { IdSource, systemRandom } from "../../../src/kit/ids.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { LocalJournal } from "../../../local/journal/local_journal.ts";
import { Owners } from "../../../local/owners.ts";
import { Connection } from "../../../local/sqlite/connection.ts";

/** One process's journal. */
export interface OpenJournal extends Disposable {
  readonly journal: LocalJournal;
  readonly connection: Connection;
  readonly owners: Owners;
  readonly clock: FakeClock;
}

/** Opens a journal in a folder. */
export function openJournal(folder: string): OpenJournal {
  const clock = new FakeClock();
  const connection = Connection.open(join(folder, "local.db"));
  const owners = new Owners(join(folder, "owners"));
  const journal = new LocalJournal({ connection, owners, clock, ids: new IdSource(clock, systemRandom()) });
  return {
    journal,
    connection,
    owners,
    clock,
    [Symbol.dispose]: () => {
      connection.close();
      owners[Symbol.dispose]();
    },
  };
}
