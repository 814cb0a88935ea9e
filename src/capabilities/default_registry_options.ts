/** What a host may say about the built-in capabilities. */

import type { Clock } from "../ports/clock.ts";
import type { SessionHost } from "../ports/session_host.ts";
import type { RuntimeSessionStore } from "../ports/stores.ts";
import type { EnvironmentContextOptions } from "./environment_context.ts";
import type { MemoryOptions } from "./memory/capability.ts";
import type { SkillsOptions } from "./skills/capability.ts";

/** Options of `runtimeSafeCapabilities()`. */
export interface RuntimeSafeCapabilitiesOptions {
  /**
   * The instant that counts as now, in milliseconds since the epoch, for `current_time`.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
  /**
   * Measures the waits of `session_tasks` and `subagents`.
   *
   * @default the host's clock
   */
  readonly clock?: Clock;
  /**
   * The facts `environment_context` tells.
   *
   * @default {}
   */
  readonly environment?: EnvironmentContextOptions;
  /**
   * Where `memory` is kept.
   *
   * @default {}
   */
  readonly memory?: MemoryOptions;
  /**
   * Where `session` finds the record of a session, and writes its title.
   *
   * @default the platform store of the call, without writing titles
   */
  readonly sessions?: RuntimeSessionStore;
  /**
   * Told when `session` has written a title.
   *
   * @default nobody is told
   */
  readonly announce?: NonNullable<SessionHost["announce"]>;
  /**
   * Where `skills` finds more than those of the session's files.
   *
   * @default {}
   */
  readonly skills?: SkillsOptions;
}
