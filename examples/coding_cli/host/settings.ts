/** From the command line and the environment to everything a host is opened with. */

import type { HostSettings } from "./coding_host.ts";
import { assertEffort } from "./effort.ts";
import { Environment } from "./environment.ts";
import { assertFolder, foldersFor } from "./folders.ts";
import { type ConfiguredServers, NO_SERVERS, readServers } from "./mcp_servers.ts";
import type { CliOptions } from "./options.ts";
import { chooseProvider } from "./providers.ts";

/** What may differ from the command line: an editor names folders and servers itself. */
export interface SettingsOverrides {
  readonly workspace?: string;
  readonly servers?: ConfiguredServers;
  readonly env?: Environment;
}

/**
 * Reads what a host is opened with; the only files read are those that configure servers.
 *
 * @throws {UsageError} when something is missing or does not fit
 */
export async function settingsFrom(options: CliOptions, overrides: SettingsOverrides = {}): Promise<HostSettings> {
  const env = overrides.env ?? new Environment();
  const folders = await foldersFor(overrides.workspace ?? options.workspace, options.dataDir, env);
  await assertFolder(folders);
  const choice = chooseProvider(options, env);
  // A list needs no model; what it is not asked is not refused.
  if (options.effort !== undefined && options.mode !== "list-sessions") await assertEffort(options.effort, choice);
  return {
    folders,
    dataDirFromEnvironment: options.dataDir === undefined,
    choice,
    tools: { bash: options.bash, web: options.web },
    configured: overrides.servers ?? (options.mcp ? await readServers(folders, env) : NO_SERVERS),
    env,
    terminal: options.mode === "permissions"
      ? options.prompt === undefined
      : options.mode === "interactive" && Deno.stdin.isTerminal(),
    approval: options.approval,
    effort: options.effort,
    wish: { session: options.session, continue: options.continue },
  };
}
