/** What a call of `spawn_agent` asks for. */

import { messageOf, ToolError } from "../../errors.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../../records/json.ts";
import { isSchemaObject, toObjectSchema } from "../../kit/object_schema.ts";
import { compileSchema } from "../../kit/schema_validator.ts";
import type { HandoffAgent, SubagentSettings } from "./settings.ts";

/** Whether the caller waits for the end. */
export type SpawnMode = "background" | "foreground";

/** What a call asks for. */
export interface SpawnRequest {
  /** Name for people; the child's title. */
  readonly name: string;
  /** What the child is told. */
  readonly instructions: string;
  /** The agent the work is handed to; a child like its parent when there is none. */
  readonly agent?: HandoffAgent;
  /** Whether the caller waits. */
  readonly mode?: SpawnMode;
  /** What the child is to achieve. */
  readonly goal?: string;
  /** What the child must report at its end. */
  readonly resultSchema?: JsonSchema;
  /** What the child may report on the way. */
  readonly messageSchema?: JsonSchema;
}

const MAX_NAME = 200;
/** Most characters of a schema as JSON. */
const MAX_SCHEMA = 32 * 1024;
/** Keywords some providers refuse at the root of a tool's parameters. */
const NOT_AT_ROOT = ["anyOf", "oneOf", "allOf", "not", "enum", "const", "if"] as const;

/** JSON Schema of the arguments; the targets are those of the session. */
export function spawnParameters({ agents }: SubagentSettings): JsonSchema {
  const list = agents.map(({ id, description }) => `${id}: ${description}`).join("; ");
  return {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: MAX_NAME, description: "A short name for people." },
      instructions: {
        type: "string",
        minLength: 1,
        description: "Everything the agent must know: it does not see this conversation.",
      },
      target: {
        type: "object",
        description: "Who does the work.",
        properties: {
          type: {
            type: "string",
            enum: agents.length === 0 ? ["subagent"] : ["subagent", "agent"],
            description: agents.length === 0
              ? "subagent: a copy of you."
              : "subagent: a copy of you. agent: another agent, named by id.",
          },
          ...(agents.length === 0 ? {} : {
            id: {
              type: "string",
              enum: agents.map(({ id }) => id),
              description: `The agent, for type agent. ${list}`,
            },
          }),
        },
        required: ["type"],
        additionalProperties: false,
      },
      mode: {
        type: "string",
        enum: ["background", "foreground"],
        description:
          "background: go on at once, the result comes later. foreground: wait for the result, 5 minutes at most.",
      },
      goal: { type: "string", description: "What the agent is to achieve." },
      lifetime: { type: "string", enum: ["linked"], description: "linked: it belongs to this session." },
      result_schema: {
        type: "object",
        description: "JSON Schema of an object the agent must report as its result.",
      },
      message_schema: {
        type: "object",
        description: "JSON Schema of an object the agent may report as its progress.",
      },
    },
    required: ["name", "instructions", "target"],
  };
}

const KNOWN: ReadonlySet<string> = new Set(
  "name instructions target mode goal lifetime result_schema message_schema seed".split(" "),
);
const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ["blueprint", "blueprints are not supported; say in `instructions` what the agent is"],
  ["config", "blueprints and their configuration are not supported"],
  ["push_configs", "push notifications are not supported; read the task instead"],
]);

/**
 * Refuses what this runtime does not do, rather than doing something else.
 *
 * Asked before the schema is, so that the answer says why.
 */
export function unsupportedProblem(args: JsonValue): string | undefined {
  if (!isSchemaObject(args)) return undefined;
  const { lifetime, seed } = args;
  if (lifetime === "detached") return refusal("detached agents are not supported; leave `lifetime` out");
  if (seed !== undefined && seed !== "fresh") {
    return refusal(
      "seeds other than `fresh` are not supported; leave `seed` out and put what matters into `instructions`",
    );
  }
  for (const name of Object.keys(args)) {
    const why = UNSUPPORTED.get(name);
    if (why !== undefined) return refusal(why);
    if (!KNOWN.has(name)) return refusal(`there is no argument \`${name}\``);
  }
  return undefined;
}

/**
 * Reads arguments that fit the schema.
 *
 * @throws {ToolError} when they cannot be used
 */
export function readSpawnRequest(args: JsonObject, settings: SubagentSettings): SpawnRequest {
  const { mode } = args;
  const goal = optionalText(args["goal"]);
  const agent = readTarget(args["target"], settings);
  const resultSchema = readReportSchema(args, "result_schema");
  const messageSchema = readReportSchema(args, "message_schema");
  return {
    name: requireText(args, "name"),
    instructions: requireText(args, "instructions"),
    ...(agent === undefined ? {} : { agent }),
    ...(mode === "background" || mode === "foreground" ? { mode } : {}),
    ...(goal === undefined ? {} : { goal }),
    ...(resultSchema === undefined ? {} : { resultSchema }),
    ...(messageSchema === undefined ? {} : { messageSchema }),
  };
}

function readTarget(target: JsonValue | undefined, { agents }: SubagentSettings): HandoffAgent | undefined {
  const { type, id } = target !== undefined && isSchemaObject(target) ? target : {};
  if (type === "subagent") {
    if (id === undefined) return undefined;
    throw new ToolError(refusal("a target of type `subagent` has no `id`"));
  }
  const agent = type === "agent" ? agents.find((known) => known.id === id) : undefined;
  if (agent !== undefined) return agent;
  const ids = agents.map((known) => known.id).join(", ");
  throw new ToolError(refusal(`target.id is ${JSON.stringify(id) ?? "missing"}, not one of: ${ids}`));
}

function readReportSchema(args: JsonObject, name: "result_schema" | "message_schema"): JsonSchema | undefined {
  const given = args[name];
  if (given === undefined) return undefined;
  if (!isSchemaObject(given)) throw new ToolError(refusal(`\`${name}\` is not a JSON Schema object`));
  if (JSON.stringify(given).length > MAX_SCHEMA) {
    throw new ToolError(refusal(`\`${name}\` is longer than ${MAX_SCHEMA} characters`));
  }
  for (const keyword of NOT_AT_ROOT) {
    if (Object.hasOwn(given, keyword)) {
      throw new ToolError(refusal(`\`${name}\` has \`${keyword}\` at its root; put it into a property`));
    }
  }
  try {
    const schema = toObjectSchema(given, `\`${name}\``);
    compileSchema(schema, { foreign: true });
    return schema;
  } catch (error) {
    throw new ToolError(refusal(`\`${name}\` is not a usable schema: ${messageOf(error)}`));
  }
}

function requireText(args: JsonObject, name: string): string {
  const text = optionalText(args[name]);
  if (text !== undefined) return text;
  throw new ToolError(refusal(`\`${name}\` is empty`));
}

function optionalText(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function refusal(why: string): string {
  return `Cannot spawn an agent: ${why}`;
}
