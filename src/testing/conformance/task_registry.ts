/** What every task registry must do. */

import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import type { SharedConformanceOptions } from "./conformance_options.ts";
import { testTaskAnnouncements } from "./task_announcements.ts";
import { testTaskCreation } from "./task_creation.ts";
import { testTaskThreads } from "./task_threads.ts";
import { testTaskUpdates } from "./task_updates.ts";

/**
 * Registers one check for each promise of {@linkcode SessionTaskRegistry}.
 *
 * With `reopen` it also checks that two instances over the same state lose nothing of each other.
 *
 * @example
 * ```ts ignore
 * testSessionTaskRegistry({ name: "MyTaskRegistry", create: () => new MyTaskRegistry(), test: Deno.test });
 * ```
 */
export function testSessionTaskRegistry(options: SharedConformanceOptions<SessionTaskRegistry>): void {
  testTaskCreation(options);
  testTaskUpdates(options);
  testTaskThreads(options);
  testTaskAnnouncements(options);
}
