/** The configuration of the `subagents` capability. */

import { type AgentId, isId } from "../../records/ids.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../../records/json.ts";

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

/** A limit: its name in the configuration, other names, default and bounds. */
interface Limit {
  readonly names: readonly string[];
  readonly byDefault: number;
  readonly most: number;
}

const DEPTH: Limit = { names: ["max_subagent_depth", "max_depth"], byDefault: 2, most: 16 };
const ACTIVE: Limit = { names: ["max_active_descendant_tasks"], byDefault: 16, most: 1_024 };
const TOTAL: Limit = { names: ["max_total_descendant_tasks"], byDefault: 200, most: 10_000 };
const MAX_AGENTS = 50;

/** JSON Schema of the configuration. */
export const SETTINGS_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    ...Object.fromEntries(
      [DEPTH, ACTIVE, TOTAL].flatMap(({ names, byDefault, most }) =>
        names.map((name) => [name, { type: "integer", minimum: 0, maximum: most, default: byDefault }])
      ),
    ),
    agents: {
      type: "array",
      maxItems: MAX_AGENTS,
      items: {
        type: "object",
        properties: { id: { type: "string" }, description: { type: "string" } },
        required: ["id", "description"],
      },
    },
  },
};

/** What is wrong with a configuration, for people; undefined when nothing is. */
export function settingsProblem(config: JsonObject): string | undefined {
  for (const limit of [DEPTH, ACTIVE, TOTAL]) {
    for (const name of limit.names) {
      const value = own(config, name);
      if (value !== undefined && !fits(value, limit)) {
        return `\`${name}\` is ${JSON.stringify(value)}, not a whole number from 0 to ${limit.most}`;
      }
    }
  }
  const agents = own(config, "agents");
  if (agents === undefined) return undefined;
  if (!Array.isArray(agents) || agents.length > MAX_AGENTS) return `\`agents\` is not a list of at most ${MAX_AGENTS}`;
  return agents.every((agent: JsonValue) => toAgent(agent) !== undefined)
    ? undefined
    : "an entry of `agents` is not an object with the `id` of an agent and a `description`";
}

/** Reads a configuration; what is wrong in it counts as not said, so that a session still assembles. */
export function readSettings(config: JsonObject): SubagentSettings {
  const agents = own(config, "agents");
  return {
    maxDepth: read(config, DEPTH),
    maxActiveTasks: read(config, ACTIVE),
    maxTotalTasks: read(config, TOTAL),
    agents: Array.isArray(agents)
      ? agents.slice(0, MAX_AGENTS).map((agent: JsonValue) => toAgent(agent)).filter((agent) => agent !== undefined)
      : [],
  };
}

function read(config: JsonObject, limit: Limit): number {
  for (const name of limit.names) {
    const value = own(config, name);
    if (value !== undefined && fits(value, limit)) return value;
  }
  return limit.byDefault;
}

function fits(value: JsonValue, { most }: Limit): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function toAgent(value: JsonValue): HandoffAgent | undefined {
  if (typeof value !== "object" || value === null || !("id" in value)) return undefined;
  const { id, description } = value;
  return isId("agent", id) && typeof description === "string" ? { id, description } : undefined;
}

function own(config: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(config, name) ? config[name] : undefined;
}
