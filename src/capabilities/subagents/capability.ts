/** The `subagents` capability: giving work to other agents. */

import type { Capability } from "../../ports/capability.ts";
import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { readSettings, SETTINGS_SCHEMA, settingsProblem } from "./settings.ts";
import { spawnAgent } from "./spawn_agent.ts";

const PROMPT = `Use spawn_agent for a piece of work that stands on its own.
- The agent does not see this conversation: tell it everything it needs, and what to answer.
- In the background you are told when it has ended; go on with other work meanwhile.
- Do small things yourself.`;

/** Options of {@linkcode subagents}. */
export interface SubagentsOptions {
  /** Measures waits for agents in the foreground. @default the host's clock */
  readonly clock?: Clock;
}

/**
 * The tool `spawn_agent`: work done by a session of its own, under limits.
 *
 * Needs a platform store; without a task registry the caller always waits. Its configuration: `max_subagent_depth`
 * (alias `max_depth`; default 2, 0 for none), `max_active_descendant_tasks` (16), `max_total_descendant_tasks` (200), and
 * `agents: [{ id, description }]`, the stored agents that work may be handed to. A child has the harness of its parent,
 * the agent it was handed to or the parent's, and the capabilities and network policy of the parent's session. One that is
 * given a schema reports through the capability `subagent_report`, which must be registered beside it, as it is by default.
 *
 * @example
 * ```ts ignore
 * const runtime = await new InProcessRuntimeBuilder()
 *   .backends(backends.withPlatformStore(platform).withTaskRegistry(registry))
 *   .singleSession((s) => s.harness("lead", "Delegate.").withCapability("subagents"))
 *   .build();
 * ```
 */
export function subagents(options: SubagentsOptions = {}): Capability {
  const clock = options.clock ?? systemClock();
  return defineCapability({
    id: "subagents",
    name: "Subagents",
    description: "Gives pieces of work to other agents, which work in sessions of their own.",
    category: "agents",
    riskLevel: "medium",
    systemPrompt: PROMPT,
    tools: (config) => [spawnAgent(readSettings(config), clock)],
    configSchema: SETTINGS_SCHEMA,
    validateConfig: settingsProblem,
    permissions: {},
  });
}
