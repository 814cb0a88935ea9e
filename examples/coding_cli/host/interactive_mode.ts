/** A conversation in the terminal. */

import { runInteractive } from "../interactive.ts";
import { sanitize } from "../screen/sanitize.ts";
import { openTerminal } from "../terminal/terminal.ts";
import { CodingHost, type HostSettings } from "./coding_host.ts";
import { exitCodeOfSignal } from "./signals.ts";
import { keepTypedLine, readTypedLines } from "./typed_lines.ts";

/** Runs until the user leaves, or a signal ends it; gives the exit code. */
export async function interactiveMode(settings: HostSettings): Promise<number> {
  await using host = await CodingHost.open(settings);
  for (const warning of host.warnings) console.error(`coding_cli: ${sanitize(warning)}`);
  const history = await readTypedLines(settings.folders);
  host.startBackground();
  using terminal = openTerminal();
  const running = runInteractive(host, terminal, {
    history,
    noColor: Deno.noColor,
    onLine: (line) => void keepTypedLine(settings.folders, line),
    farewell: ({ sessionId }) => host.isEmpty ? "" : `To go on: --session ${sessionId} (or --continue)`,
  });
  void host.loadCommands();
  // The questions of a turn that was left waiting need somebody to answer them, who now is there.
  host.takeUp().catch((error: unknown) => host.warn(error));
  await running;
  return terminal.endedBy === undefined ? 0 : exitCodeOfSignal(terminal.endedBy);
}
