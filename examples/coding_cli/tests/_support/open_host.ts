/**
 * A host in the test's own process, on a scripted provider.
 *
 * @module
 */

import { CodingHost } from "../../host/coding_host.ts";
import { Environment } from "../../host/environment.ts";
import { readOptions } from "../../host/options.ts";
import { settingsFrom } from "../../host/settings.ts";
import type { SubmitOutcome } from "../../interactive_host.ts";
import { argsFor, type Playground } from "./run_cli.ts";
import type { ScriptedProvider } from "./scripted_provider.ts";

/** Opens a host on a playground. */
export async function openHost(
  at: Playground,
  provider?: ScriptedProvider,
  ...more: readonly string[]
): Promise<CodingHost> {
  const env = new Environment(() => undefined, () => true);
  return await CodingHost.open(await settingsFrom(readOptions([...argsFor(at, provider), ...more]), { env }));
}

/** Types a line and gives the command's answer. */
export async function answerTo(host: CodingHost, line: string): Promise<string> {
  const outcome: SubmitOutcome = await host.submit(line, new AbortController().signal);
  if (outcome.type === "output") return outcome.text;
  throw new Error(`"${line}" came to "${outcome.type}" and not to an answer`);
}
