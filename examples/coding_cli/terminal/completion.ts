/** Commands that the beginning of a line may become. */

import type { CommandInfo } from "../interactive_host.ts";

/** The commands that match what is typed: those that begin with it, then those that have it anywhere. */
export function suggestionsFor(text: string, commands: readonly CommandInfo[]): readonly CommandInfo[] {
  const typed = /^\/(\S*)$/.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  const names = commands.map((command) => ({ command, name: command.name.toLowerCase() }));
  return [
    ...names.filter(({ name }) => name.startsWith(typed)),
    ...names.filter(({ name }) => !name.startsWith(typed) && name.includes(typed)),
  ].map(({ command }) => command);
}
