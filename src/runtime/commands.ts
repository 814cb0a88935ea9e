/** Slash-type commands of a session's capabilities. */

import { RuntimeError } from "../errors.ts";
import type { CommandResult } from "../ports/capability.ts";
import { lazy } from "../kit/lazy.ts";
import { unlessAborted } from "../kit/unless_aborted.ts";
import type { SessionConfig } from "../context/session_config.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { KernelPorts } from "../turn/kernel_ports.ts";

const sideCalls = lazy(() => import("../turn/side_call.ts"));

/** A command as it is listed. */
export interface CommandInfo {
  /** Its name, without a slash. */
  readonly name: string;
  /** What it does. */
  readonly description: string;
  /** Its arguments for people. */
  readonly usage?: string;
  /** The capability that offers it. */
  readonly capabilityId: string;
}

/** The commands of a session; of two with one name the first counts. */
export function listCommandsOf(config: SessionConfig): readonly CommandInfo[] {
  return [...config.commands.values()].map(({ command, owner }) => ({
    name: command.name,
    description: command.description,
    ...(command.usage === undefined ? {} : { usage: command.usage }),
    capabilityId: owner.capability.id,
  }));
}

/**
 * Runs a command of a session.
 *
 * @throws the signal's reason when it is aborted first
 */
export async function runCommand(
  ports: KernelPorts,
  context: TurnContext,
  name: string,
  args: string,
  signal: AbortSignal | undefined,
): Promise<CommandResult> {
  const entry = context.config.commands.get(name);
  if (entry === undefined) {
    const known = [...context.config.commands.keys()].map((command) => `/${command}`).join(", ");
    throw new RuntimeError(
      "command_unknown",
      `Cannot run command "${name}": the session offers ${known === "" ? "none" : known}`,
    );
  }
  const { session } = context;
  const until = signal ?? AbortSignal.any([]);
  const running = Promise.try(() =>
    entry.command.execute(args, {
      session,
      config: entry.owner.config,
      locale: context.resolvedLocale,
      model: context.modelWithProvider?.model,
      files: ports.sources.files(session.workspaceId),
      now: ports.clock.now(),
      messages: () => ports.journal.messages(session.id),
      signal: until,
      complete: async (request) => {
        const { askForCommand } = await sideCalls();
        return await askForCommand(ports, context, { ...request, signal: request.signal ?? until });
      },
    })
  );
  // A command that does not look at the signal must not hold its caller.
  return await unlessAborted(running, signal);
}
