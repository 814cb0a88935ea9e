/** Making tools: a typed function becomes a `Tool` the kernel can call. */

import type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
import type { ImagePart } from "../records/content.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { Deferrable, ToolDefinition, ToolEffect, ToolHints } from "../records/tool.ts";
import type { ParsedArguments, RawOutput, Tool, ToolContext, ToolOutcome } from "../ports/tool.ts";
import { isSchemaObject, NO_PARAMETERS, toObjectSchema } from "./object_schema.ts";
import { lazy } from "./lazy.ts";
import type { SchemaCheck } from "./schema_validator.ts";
import type { StandardIssue, StandardOutput, StandardSchema } from "./standard_schema.ts";

/** What may describe a tool's parameters: a schema of a library such as zod, or plain JSON Schema. */
export type ToolParameters = StandardSchema | JsonSchema;

/** What `execute` gets for some parameters: the schema's output type, or any JSON object. */
export type ToolArguments<Parameters extends ToolParameters> = Parameters extends StandardSchema
  ? StandardOutput<Parameters>
  : JsonObject;

/** What a tool is to the model and to people. */
export interface ClientToolOptions {
  /** Its name: 1 to 64 letters, digits, `_` or `-`; unique within a turn. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description: string;
  /** Its parameters. @default no parameters */
  readonly parameters?: ToolParameters;
  /** Name for people. */
  readonly displayName?: string;
  /** Group for people. */
  readonly category?: string;
  /** Whether somebody must agree before it runs. @default {"auto"} */
  readonly policy?: "auto" | "requires_approval";
  /** Whether it may be left out of the prompt. @default {"automatic"} */
  readonly deferrable?: Deferrable;
  /** Facts about it. */
  readonly hints?: ToolHints;
}

/** Options of {@linkcode defineTool}. */
export interface ToolOptions<Parameters extends ToolParameters = JsonSchema> extends ClientToolOptions {
  /** Its parameters. @default no parameters */
  readonly parameters?: Parameters;
  /** What repeating a call may do. @default {"at_most_once"} */
  readonly effect?: ToolEffect;
  /** Calls sharing a class run one after another. */
  readonly concurrencyClass?: string;
  /** Longest run, in milliseconds. @default {120000} */
  readonly timeoutMs?: number;
  /** Permissions it needs; absent means unknown. */
  readonly permissions?: PermissionNeeds;
  /**
   * Runs it.
   *
   * Any value it returns is a success, or it returns what `toolSuccess`, `toolFailure` or `connectionRequired` made.
   * The model sees the message of a thrown `ToolError` and of nothing else that is thrown.
   */
  readonly execute: (args: ToolArguments<Parameters>, context: ToolContext) => unknown;
  /** Finds out what became of an interrupted call: what `execute` would have returned, or undefined for unknown. */
  readonly reconcile?: (idempotencyKey: string, context: ToolContext) => unknown;
  /** Words for people about a call. */
  readonly narrate?: (args: JsonObject) => string | undefined;
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
/** The longest delay a timer takes. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_ISSUES = 5;
const MAX_MESSAGE_LENGTH = 2_000;

/**
 * Makes a tool the runtime runs.
 *
 * `parameters` is a Standard Schema that can also write itself as JSON Schema (zod 4.2 or later, ArkType), plain JSON
 * Schema, or absent. With plain JSON Schema `execute` gets the model's object, which has no prototype. The model's
 * mistakes never reach `execute`: arguments that do not fit are answered for it.
 *
 * @throws {TypeError} when an option has the wrong shape, or the parameters do not describe an object
 * @throws {RangeError} when `timeoutMs` is not a positive number of milliseconds
 *
 * @example
 * ```ts
 * import { defineTool } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const add = defineTool({
 *   name: "add",
 *   description: "Adds two numbers",
 *   parameters: {
 *     type: "object",
 *     properties: { a: { type: "number" }, b: { type: "number" } },
 *     required: ["a", "b"],
 *   },
 *   effect: "pure",
 *   execute: ({ a, b }) => Number(a) + Number(b),
 * });
 * assert.equal(add.definition.name, "add");
 * ```
 */
export function defineTool<Parameters extends ToolParameters = JsonSchema>(options: ToolOptions<Parameters>): Tool {
  const { timeoutMs, permissions, execute, reconcile, narrate } = options;
  const definition = toDefinition(options, "builtin");
  const what = `tool "${options.name}"`;
  if (typeof execute !== "function") throw new TypeError(`Cannot define ${what}: \`execute\` is not a function`);
  if (timeoutMs !== undefined) checkTimeout(timeoutMs, what);
  for (const [name, value] of Object.entries({ reconcile, narrate })) {
    if (value !== undefined && typeof value !== "function") {
      throw new TypeError(`Cannot define ${what}: \`${name}\` is not a function`);
    }
  }
  const parse = toParse(options.parameters, definition);
  return Object.freeze<Tool>({
    definition,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(permissions === undefined ? {} : { permissions }),
    parse,
    // `parse` made the arguments from the schema their type is inferred from.
    execute: (args, context) => toToolOutcome(execute(args as ToolArguments<Parameters>, context)),
    ...(reconcile === undefined ? {} : {
      reconcile: async (key: string, context: ToolContext) => {
        const found = await reconcile(key, context);
        return found === undefined ? undefined : await toToolOutcome(found);
      },
    }),
    ...(narrate === undefined ? {} : { narrate: (args: JsonObject) => narrate(args) }),
  });
}

/**
 * Makes the definition of a tool the client runs: the turn waits until `resumeTurn` brings the result.
 *
 * @throws {TypeError} when an option has the wrong shape, or the parameters do not describe an object
 */
export function defineClientTool(options: ClientToolOptions): ToolDefinition {
  return toDefinition(options, "client_side");
}

function toDefinition(options: ToolOptions | ClientToolOptions, type: ToolDefinition["type"]): ToolDefinition {
  if (typeof options !== "object" || options === null) {
    throw new TypeError("Cannot define a tool: no options were given");
  }
  const { name, description, displayName, category, policy, deferrable, hints } = options;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new TypeError(`Cannot define a tool named ${shown(name)}: use 1 to 64 letters, digits, "_" or "-"`);
  }
  const what = `tool "${name}"`;
  const effect = "effect" in options ? options.effect : undefined;
  const concurrencyClass = "concurrencyClass" in options ? options.concurrencyClass : undefined;
  if (typeof description !== "string") throw new TypeError(`Cannot define ${what}: \`description\` is not a string`);
  for (const [key, value] of Object.entries({ displayName, category, concurrencyClass })) {
    if (value !== undefined && typeof value !== "string") {
      throw new TypeError(`Cannot define ${what}: \`${key}\` is not a string`);
    }
  }
  checkChoice("policy", policy, ["auto", "requires_approval"], what);
  checkChoice("deferrable", deferrable, ["never", "automatic", "always"], what);
  checkChoice("effect", effect, ["pure", "idempotent", "at_most_once"], what);
  const optional = { displayName, category, policy, deferrable, hints, effect, concurrencyClass };
  return Object.freeze({
    type,
    name,
    description,
    parameters: describeParameters(options.parameters, what),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  });
}

/**
 * The JSON Schema of what a host described; `member` is where it said so.
 *
 * @throws {TypeError} when it cannot be written as JSON Schema, or describes something other than an object
 */
export function describeParameters(
  schema: ToolParameters | undefined,
  what: string,
  member = "parameters",
): JsonSchema {
  if (schema === undefined) return NO_PARAMETERS;
  if (isPlain(schema)) return toObjectSchema(schema, what, member);
  const standard = schema["~standard"];
  if (typeof standard?.jsonSchema?.input !== "function") {
    throw new TypeError(
      `Cannot define ${what}: its schema library (${shown(standard?.vendor)}) cannot write JSON Schema;` +
        ` use zod 4.2 or later, ArkType, or plain JSON Schema`,
    );
  }
  let written: unknown;
  try {
    written = standard.jsonSchema.input({ target: "draft-2020-12" });
  } catch (cause) {
    throw new TypeError(`Cannot define ${what}: \`${member}\` cannot be written as JSON Schema`, { cause });
  }
  return toObjectSchema(written, what, member);
}

function toParse(parameters: ToolParameters | undefined, definition: ToolDefinition): Tool["parse"] {
  if (parameters === undefined || isPlain(parameters)) return toCheck(definition.parameters);
  const standard = parameters["~standard"];
  return (input: JsonValue): ParsedArguments | Promise<ParsedArguments> => {
    if (!isSchemaObject(input)) return { ok: false, message: "The arguments are not a JSON object." };
    const result = standard.validate(input);
    return result instanceof Promise ? result.then(toParsed) : toParsed(result);
  };
}

// A program that defines tools may run for long before one is called.
const validating = lazy(() => import("./schema_validator.ts"));

/** Checks against a plain schema, compiled by the first call; later ones answer at once. */
function toCheck(schema: JsonSchema): Tool["parse"] {
  let check: SchemaCheck | undefined;
  return (input) => {
    if (check !== undefined) return check(input);
    const module = validating();
    if (!(module instanceof Promise)) return (check = module.compileSchema(schema))(input);
    return module.then(({ compileSchema }) => (check ??= compileSchema(schema))(input));
  };
}

function toParsed(
  result: { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] },
): ParsedArguments {
  if (result.issues === undefined) return { ok: true, value: result.value };
  const problems = result.issues.slice(0, MAX_ISSUES).map(({ path, message }) => {
    const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return `at /${keys.join("/")}: ${message}`;
  });
  const rest = result.issues.length - problems.length;
  const text = `The arguments do not fit the tool's schema: ${problems.join("; ")}${
    rest > 0 ? ` (and ${rest} more)` : ""
  }`;
  return { ok: false, message: text.length <= MAX_MESSAGE_LENGTH ? text : `${text.slice(0, MAX_MESSAGE_LENGTH)}…` };
}

/** A schema of a library may be an object or, as in ArkType, a function. */
function isPlain(parameters: ToolParameters): parameters is JsonSchema {
  const isObject = (typeof parameters === "object" && parameters !== null) || typeof parameters === "function";
  return !isObject || !("~standard" in parameters);
}

function checkChoice(option: string, value: unknown, choices: readonly string[], what: string): void {
  if (value === undefined || (typeof value === "string" && choices.includes(value))) return;
  throw new TypeError(`Cannot define ${what}: \`${option}\` is ${shown(value)}, not one of ${choices.join(", ")}`);
}

function checkTimeout(timeoutMs: unknown, what: string): void {
  if (typeof timeoutMs !== "number") throw new TypeError(`Cannot define ${what}: \`timeoutMs\` is not a number`);
  if (timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return;
  throw new RangeError(`Cannot define ${what}: \`timeoutMs\` is ${timeoutMs}, not between 1 and ${MAX_TIMEOUT_MS}`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : typeof value;
}

/** Options of {@linkcode toolSuccess}. */
export interface ToolSuccessOptions {
  /** Images that belong to the result. */
  readonly images?: readonly ImagePart[];
  /**
   * The output in full, where the value has only part of it; hooks may store it aside.
   *
   * @default the value itself, when it has to be cut
   */
  readonly rawOutput?: RawOutput;
}

/** Options of {@linkcode connectionRequired}. */
export interface ConnectionRequiredOptions {
  /** The service to connect. */
  readonly provider: string;
  /** Whose account. */
  readonly subject?: string;
  /** Where to set it up. */
  readonly setupUrl?: string;
}

/** Outcomes made here; a value that only looks like one, perhaps foreign data, is an ordinary result. */
const made = new WeakSet<object>();

/**
 * Says that a call worked, with images or the output in full beside the value.
 *
 * Without options, returning the value itself does the same.
 *
 * @throws {TypeError} when `images` is not an array
 */
export function toolSuccess(value: unknown, options: ToolSuccessOptions = {}): ToolOutcome {
  const { images, rawOutput } = options;
  if (images !== undefined && !Array.isArray(images)) {
    throw new TypeError("Cannot make a tool result: `images` is not an array of image parts");
  }
  return mark({
    type: "success",
    value,
    ...(images === undefined ? {} : { images }),
    ...(rawOutput === undefined ? {} : { rawOutput }),
  });
}

/**
 * Says that a call failed in a way the model may know.
 *
 * @throws {TypeError} when the message is not a string
 */
export function toolFailure(message: string): ToolOutcome {
  if (typeof message !== "string") throw new TypeError("Cannot make a tool failure: the message is not a string");
  return mark({ type: "error", message });
}

/**
 * Says that the user has to connect a service before the call can work.
 *
 * @throws {TypeError} when no provider is named
 */
export function connectionRequired(options: ConnectionRequiredOptions): ToolOutcome {
  const { provider, subject, setupUrl } = options;
  if (typeof provider !== "string" || provider === "") {
    throw new TypeError("Cannot ask for a connection: `provider` is not a non-empty string");
  }
  return mark({
    type: "connection_required",
    provider,
    ...(subject === undefined ? {} : { subject }),
    ...(setupUrl === undefined ? {} : { setupUrl }),
  });
}

/**
 * The outcome of what a tool returned: an outcome made by the helpers as it is, anything else as a success.
 *
 * Stays synchronous for a synchronous value, so that a fast tool costs no promise.
 */
function toToolOutcome(returned: unknown): ToolOutcome | Promise<ToolOutcome> {
  if (typeof returned !== "object" || returned === null) {
    return isThenable(returned) ? Promise.resolve(returned).then(toToolOutcome) : { type: "success", value: returned };
  }
  if (isMade(returned)) return returned;
  return isThenable(returned) ? Promise.resolve(returned).then(toToolOutcome) : { type: "success", value: returned };
}

function isMade(value: object): value is ToolOutcome {
  return made.has(value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return false;
  return "then" in value && typeof value.then === "function";
}

function mark(outcome: ToolOutcome): ToolOutcome {
  made.add(outcome);
  return Object.freeze(outcome);
}
