/** Options of everything that runs commands, and their checks. */

import type { PermissionNeeds } from "../../records/permissions.ts";
import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../kit/clock.ts";
import type { CommandHost } from "./run_command.ts";
import { type BashSpawn, type BashStart, startBash } from "./start_bash.ts";

/** How commands are run. */
export interface BashHostOptions {
  /**
   * The whole environment of commands: nothing of the host's own gets there by itself.
   *
   * Pass `PATH`, `HOME`, `LANG` and what else they need. Whatever is here a model can read. Without `PATH` bash uses the
   * one it was built with.
   *
   * @default {nothing}
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Whether bash reads the profile of the machine and of the user (`~/.bash_profile`, with `HOME` in `env`) first.
   *
   * A profile may set aliases, other paths and secrets, so that commands do other things than they say.
   *
   * @default {false}
   */
  readonly login?: boolean;
  /**
   * bash: a name that is looked up in the host's own `PATH`, or a full path.
   *
   * @default {"bash"}
   */
  readonly shell?: string;
  /**
   * Starts commands.
   *
   * @default {`Deno.Command`}
   */
  readonly spawn?: BashSpawn;
  /**
   * What `spawn` needs.
   *
   * @default {`{ run: [shell] }`, and nothing for a `spawn` of your own}
   */
  readonly permissions?: PermissionNeeds;
  /**
   * Measures deadlines.
   *
   * @default {the host's clock}
   */
  readonly clock?: Clock;
}

/** The options, checked and complete. */
export interface BashHost extends CommandHost {
  /** What every start has in common. */
  readonly start: Pick<BashStart, "shell" | "env" | "login">;
  /** What it needs. */
  readonly permissions: PermissionNeeds;
}

/**
 * Checks the options.
 *
 * @throws {TypeError} when one has the wrong shape
 */
export function readHost(options: BashHostOptions, what: string): BashHost {
  const { env = {}, login = false, shell = "bash", spawn = startBash, clock = systemClock() } = options;
  if (typeof shell !== "string" || shell === "") {
    throw new TypeError(`Cannot create ${what}: \`shell\` is not a non-empty string`);
  }
  const own = options.spawn === undefined ? { run: [shell] } : {};
  return {
    start: { shell, env: checkEnv(env, what), login },
    spawn,
    clock,
    permissions: options.permissions ?? own,
  };
}

function checkEnv(env: Readonly<Record<string, string>>, what: string): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    if (name !== "" && !/[=\0]/.test(name) && typeof value === "string" && !value.includes("\0")) continue;
    throw new TypeError(
      `Cannot create ${what}: \`env\` has a wrong ${JSON.stringify(name.slice(0, 80))}: expected a name and a text`,
    );
  }
  return { ...env };
}

/**
 * The text of an option that names a folder.
 *
 * @throws {TypeError} when it is none
 */
export function checkFolder(cwd: unknown, what: string): string {
  if (typeof cwd === "string" && cwd !== "" && !cwd.includes("\0")) return cwd;
  throw new TypeError(`Cannot create ${what}: \`cwd\` is not the path of a folder; pass the root of the workspace`);
}
