/** The configuration of the `user_hooks` capability. */

import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { ConfigReader, readOnce } from "../../kit/config_reader.ts";
import { compileGlob, type PathTest } from "../../kit/glob.ts";
import { compileLinearRegex, type LinearRegex } from "../../kit/linear_regex.ts";

/** When a hook runs. */
export type UserHookEvent = "session_start" | "user_prompt_submit" | "pre_tool_use" | "post_tool_use" | "turn_end";

/** One hook. */
export interface UserHook {
  /** Its id, for messages. */
  readonly id: string;
  /** When it runs. */
  readonly event: UserHookEvent;
  /** Globs of the tools it is about; all when absent. */
  readonly tools: readonly PathTest[] | undefined;
  /** The member of the arguments that `match` and `deny` look at; all of them as JSON when absent. */
  readonly argument: string | undefined;
  /** It runs only when this matches. */
  readonly match: Promise<LinearRegex> | undefined;
  /** It blocks without running when this matches. */
  readonly deny: Promise<LinearRegex> | undefined;
  /** Name of a function of the host. */
  readonly function: string | undefined;
  /** A command for the host's shell. */
  readonly command: string | undefined;
  /** Added to the environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Longest run, in milliseconds. */
  readonly timeoutMs: number;
  /** What a failure means. */
  readonly onError: "block" | "allow" | "warn";
}

const EVENTS: readonly UserHookEvent[] = [
  "session_start",
  "user_prompt_submit",
  "pre_tool_use",
  "post_tool_use",
  "turn_end",
];
const ON_ERROR = ["block", "allow", "warn"] as const;
const MAX_HOOKS = 50;
const MAX_ENV = 16;
const MEMBERS = [
  "id",
  "event",
  "tools",
  "argument",
  "match",
  "deny",
  "function",
  "command",
  "env",
  "timeout_ms",
  "on_error",
];

/** JSON Schema of the configuration. */
export const USER_HOOKS_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    hooks: {
      type: "array",
      maxItems: MAX_HOOKS,
      items: {
        type: "object",
        properties: {
          id: { type: "string" },
          event: { type: "string", enum: [...EVENTS] },
          tools: { type: "array", items: { type: "string" } },
          argument: { type: "string" },
          match: { type: "string" },
          deny: { type: "string" },
          function: { type: "string" },
          command: { type: "string" },
          env: { type: "array", maxItems: MAX_ENV, items: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*=" } },
          timeout_ms: { type: "integer", minimum: 100, maximum: 30000, default: 5000 },
          on_error: { type: "string", enum: [...ON_ERROR], default: "warn" },
        },
        required: ["id", "event"],
        additionalProperties: false,
      },
    },
    disabled: { type: "array", items: { type: "string" } },
  },
  required: ["hooks"],
  additionalProperties: false,
};

/**
 * The hooks of a configuration, without the disabled ones.
 *
 * @throws {TypeError} or {RangeError} that names the member
 */
export const readHooks: (config: JsonObject) => readonly UserHook[] = readOnce((config) => {
  const reader = new ConfigReader(config, ["hooks", "disabled"]);
  const disabled = new Set(reader.texts("disabled"));
  const hooks = reader.required("hooks", reader.objects("hooks", MEMBERS, MAX_HOOKS)).map(readHook);
  return hooks.filter(({ id }) => !disabled.has(id));
});

function readHook(reader: ConfigReader): UserHook {
  const named = reader.text("function");
  const command = reader.text("command");
  const deny = patternOf(reader.text("deny"));
  if (
    named !== undefined && command !== undefined || named === undefined && command === undefined && deny === undefined
  ) {
    throw new TypeError("a hook has one of `function` and `command`, or none of them and `deny`");
  }
  return {
    id: reader.required("id", reader.text("id")),
    event: reader.required("event", reader.choice("event", EVENTS)),
    tools: reader.texts("tools", 100)?.map((glob) => compileGlob(glob)),
    argument: reader.text("argument"),
    match: patternOf(reader.text("match")),
    deny,
    function: named,
    command,
    env: readEnv(reader.texts("env", MAX_ENV) ?? []),
    timeoutMs: reader.whole("timeout_ms", { least: 100, most: 30_000 }) ?? 5_000,
    onError: reader.choice("on_error", ON_ERROR) ?? "warn",
  };
}

function patternOf(pattern: string | undefined): Promise<LinearRegex> | undefined {
  const compiled = pattern === undefined ? undefined : compileLinearRegex(pattern);
  // Whoever runs the hook gets the error; nobody has to be told before.
  compiled?.catch(() => {});
  return compiled;
}

function readEnv(entries: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.map((entry) => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(entry);
    if (match === null) throw new TypeError(`\`env\` has ${JSON.stringify(entry.slice(0, 80))}: expected NAME=value`);
    return [match[1] ?? "", match[2] ?? ""];
  }));
}
