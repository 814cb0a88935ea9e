/** The file store in memory, tried with everything that should lead out of it or hold it up. */

import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { assertConfined } from "../../_support/hostile_paths.ts";
import { assertLinearSearch } from "../../_support/redos.ts";

Deno.test("10,000 hostile paths each name a file of their own workspace or are refused with a typed error", async () => {
  await assertConfined(new InMemoryFileStore());
});

Deno.test("patterns that drive backtracking engines mad are searched for within their budget", async () => {
  await assertLinearSearch(new InMemoryFileStore(), "w");
});
