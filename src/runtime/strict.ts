/** Refusing layers whose capabilities are mistyped or wrongly set, for hosts that ask for it. */

import { ConfigurationError } from "../errors.ts";
import type { Agent, Harness } from "../records/harness.ts";
import type { Session } from "../records/session.ts";
import { didYouMean } from "../kit/nearest_name.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";

/** The records a builder was given. */
export interface GivenLayers {
  /** Harnesses. */
  readonly harnesses: readonly Harness[];
  /** Agents. */
  readonly agents: readonly Agent[];
  /** Sessions. */
  readonly sessions: readonly Session[];
}

/**
 * Checks what the given layers switch on; imports the capabilities they name.
 *
 * @throws {ConfigurationError} that names every unknown capability and every wrong setting
 */
export async function assertKnown(given: GivenLayers, registry: CapabilityRegistry): Promise<void> {
  const layers = [
    ...given.harnesses.map(({ name, capabilities }) => ({ layer: `harness "${name}"`, capabilities })),
    ...given.agents.map(({ name, capabilities }) => ({ layer: `agent "${name}"`, capabilities })),
    ...given.sessions.map(({ id, capabilities }) => ({ layer: `session "${id}"`, capabilities })),
  ];
  const problems: string[] = [];
  for (const { layer, capabilities } of layers) {
    for (const { ref, config } of capabilities) {
      const what = `capability "${ref}" of ${layer}`;
      if (!registry.has(ref)) problems.push(`${what} is not registered${didYouMean(ref, registry.ids(), ", ")}`);
      else {
        const problem = (await registry.resolve(ref)).validateConfig?.(config ?? {});
        if (problem !== undefined) problems.push(`${what}: ${problem}`);
      }
    }
  }
  if (problems.length === 0) return;
  const remedy = "correct it, register it with capability(), or leave strict() out";
  throw new ConfigurationError(`Cannot build a runtime: ${[...problems, remedy].join("; ")}`);
}
