/** The file store in SQLite, tried with everything that should lead out of it or hold it up. */

import { LocalFileStore } from "../../../local/files/file_store.ts";
import { assertConfined } from "../../_support/hostile_paths.ts";
import { assertLinearSearch } from "../../_support/redos.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { openStore } from "../records/_opened_stores.ts";

Deno.test("10,000 hostile paths each name a file of their own workspace or are refused with a typed error", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await assertConfined(new LocalFileStore(db));
});

Deno.test("patterns that drive backtracking engines mad are searched for within their budget", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await assertLinearSearch(new LocalFileStore(db), "w");
});
