/** The configuration of the `user_hooks` capability. */

import { messageOf } from "../../errors.ts";
import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { about, choice, objectList, required, text, textList, wholeNumber } from "../../kit/setting_kinds.ts";
import { defineSettings, readOnce } from "../../kit/settings.ts";
import { shownValue } from "../../kit/shown_value.ts";
import { compileGlob, type PathTest } from "../../kit/glob.ts";
import { compileLinearRegex, type LinearRegex } from "../../kit/linear_regex.ts";

/** When a hook runs. */
export type UserHookEvent =
  | "session_start"
  | "user_prompt_submit"
  | "pre_tool_use"
  | "post_tool_use"
  | "turn_end"
  | "session_end";

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

/** A pattern that cannot be read. */
export class UnreadablePattern extends Error {}

const EVENTS: readonly UserHookEvent[] = [
  "session_start",
  "user_prompt_submit",
  "pre_tool_use",
  "post_tool_use",
  "turn_end",
  "session_end",
];
const ON_ERROR: readonly UserHook["onError"][] = ["block", "allow", "warn"];

const SETTINGS = defineSettings({
  hooks: about(
    "The hooks, in their order.",
    required(objectList({
      id: about("Its id, for messages and `disabled`.", required(text(undefined))),
      event: about("When it runs.", required(choice(undefined, EVENTS))),
      tools: about(
        "Globs of the tools it is about, for pre_tool_use and post_tool_use. All when it is not said.",
        textList(undefined, 100),
      ),
      argument: about(
        "The argument that `match` and `deny` look at. All, as JSON, when it is not said.",
        text(undefined),
      ),
      match: about("RE2 expression: the hook runs only where it fits.", text(undefined)),
      deny: about("RE2 expression: where it fits the call is blocked, and nothing runs.", text(undefined)),
      function: about("Name of a function of the host.", text(undefined)),
      command: about("A command for the shell of the host.", text(undefined)),
      env: about("Variables for the command, each as NAME=value.", textList([], 16)),
      timeout_ms: about("Longest run, in milliseconds.", wholeNumber(5_000, { min: 100, max: 30_000 })),
      on_error: about("What a failure of the hook means.", choice("warn", ON_ERROR)),
    }, 50)),
  ),
  disabled: about("Ids of hooks that do not run.", textList([], 1_000)),
});

/** JSON Schema of the configuration. */
export const USER_HOOKS_SCHEMA: JsonSchema = SETTINGS.schema;

/**
 * The hooks of a configuration, without the disabled ones.
 *
 * @throws {TypeError} or {RangeError} that names the member
 */
export const readHooks: (config: JsonObject) => readonly UserHook[] = readOnce((config) => {
  const { hooks, disabled } = SETTINGS.check(config);
  return hooks.map(toHook).filter(({ id }) => !disabled.includes(id));
});

type SaidHook = ReturnType<typeof SETTINGS.read>["hooks"][number];

function toHook(said: SaidHook): UserHook {
  const { id, event, argument, command, function: named } = said;
  const deny = patternOf(said.deny);
  if (
    named !== undefined && command !== undefined || named === undefined && command === undefined && deny === undefined
  ) {
    throw new TypeError("a hook has one of `function` and `command`, or none of them and `deny`");
  }
  assertConcerns(said);
  return {
    id,
    event,
    tools: said.tools?.map((glob) => compileGlob(glob)),
    argument,
    match: patternOf(said.match),
    deny,
    function: named,
    command,
    env: readEnv(said.env),
    timeoutMs: said.timeout_ms,
    onError: said.on_error,
  };
}

/** Refuses limits that nothing of the event could ever meet: the hook would never run, and its guard be open. */
function assertConcerns({ event, tools, argument, match, deny }: SaidHook): void {
  if (event === "pre_tool_use" || event === "post_tool_use") return;
  const useless = { tools, argument, ...(event === "user_prompt_submit" ? {} : { match, deny }) };
  for (const [name, value] of Object.entries(useless)) {
    if (value !== undefined) {
      throw new TypeError(`a hook for ${event} has \`${name}\`, which only hooks for calls can have`);
    }
  }
}

function patternOf(pattern: string | undefined): Promise<LinearRegex> | undefined {
  const compiled = pattern === undefined ? undefined : compileLinearRegex(pattern).catch((cause) => {
    throw new UnreadablePattern(messageOf(cause), { cause });
  });
  // Whoever runs the hook gets the error; nobody has to be told before.
  compiled?.catch(() => {});
  return compiled;
}

function readEnv(entries: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.map((entry) => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(entry);
    if (match === null) throw new TypeError(`\`env\` has ${shownValue(entry)}: expected NAME=value`);
    return [match[1] ?? "", match[2] ?? ""];
  }));
}
