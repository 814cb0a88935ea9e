/** What every session journal must do. */

import type { SessionJournal } from "../../ports/journal.ts";
import type { SharedConformanceOptions } from "./conformance_options.ts";
import { testJournalLeases } from "./journal_leases.ts";
import { testJournalReads } from "./journal_reads.ts";
import { testJournalSteps } from "./journal_steps.ts";

/**
 * Registers one check for each promise of {@linkcode SessionJournal}: steps, leases and fences, reads.
 *
 * With `reopen`, which stands for a second process over the same state, it also checks that two instances agree on who
 * holds a lease.
 *
 * @example
 * ```ts ignore
 * testSessionJournal({ name: "MyJournal", create: () => MyJournal.open(":memory:"), test: Deno.test });
 * ```
 */
export function testSessionJournal(options: SharedConformanceOptions<SessionJournal>): void {
  testJournalSteps(options);
  testJournalLeases(options);
  testJournalReads(options);
}
