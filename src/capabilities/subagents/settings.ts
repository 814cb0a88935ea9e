/** The configuration of the `subagents` capability. */

import type { AgentId } from "../../records/ids.ts";
import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { about, objectList, recordId, required, text, wholeNumber } from "../../kit/setting_kinds.ts";
import { defineSettings } from "../../kit/settings.ts";

/** An agent that work may be handed to. */
export interface HandoffAgent {
  /** The stored agent. */
  readonly id: AgentId;
  /** What it is good at, for the model. */
  readonly description: string;
}

/** What the configuration says, with defaults filled in. */
export interface SubagentSettings {
  /** How deep subagents may nest; the root is 0, so 0 means none. */
  readonly maxDepth: number;
  /** Most unfinished tasks of subagents under one root session. */
  readonly maxActiveTasks: number;
  /** Most tasks of subagents under one root session, ended ones too. */
  readonly maxTotalTasks: number;
  /** Agents that work may be handed to. */
  readonly agents: readonly HandoffAgent[];
}

const MAX_AGENTS = 50;
const DEPTH = { min: 0, max: 16 };

const SETTINGS = defineSettings({
  max_subagent_depth: about("How deep subagents may nest; 0 means none.", wholeNumber(2, DEPTH)),
  max_depth: about("Another name of `max_subagent_depth`, which wins.", wholeNumber(undefined, DEPTH)),
  max_active_descendant_tasks: about(
    "Most unfinished tasks of subagents under one root session.",
    wholeNumber(16, { min: 0, max: 1_024 }),
  ),
  max_total_descendant_tasks: about(
    "Most tasks of subagents under one root session, ended ones too.",
    wholeNumber(200, { min: 0, max: 10_000 }),
  ),
  agents: about(
    "Stored agents that work may be handed to.",
    objectList({
      id: about("The agent.", required(recordId("agent"))),
      description: about("What it is good at, for the model.", required(text(undefined))),
    }, MAX_AGENTS),
  ),
});

/** JSON Schema of the configuration. */
export const SETTINGS_SCHEMA: JsonSchema = SETTINGS.schema;

/** What is wrong with a configuration, for people; undefined when nothing is. */
export function settingsProblem(config: JsonObject): string | undefined {
  return SETTINGS.problem(config);
}

/** Reads a configuration; what is wrong in it counts as not said, so that a session still assembles. */
export function readSettings(config: JsonObject): SubagentSettings {
  const said = SETTINGS.read(config);
  return {
    maxDepth: Object.hasOwn(config, "max_subagent_depth")
      ? said.max_subagent_depth
      : said.max_depth ?? said.max_subagent_depth,
    maxActiveTasks: said.max_active_descendant_tasks,
    maxTotalTasks: said.max_total_descendant_tasks,
    agents: (said.agents ?? []).filter(isUsable),
  };
}

/** Whether both members of an entry were what they have to be; a reader does not insist. */
function isUsable({ id, description }: Partial<HandoffAgent>): boolean {
  return id !== undefined && description !== undefined;
}
