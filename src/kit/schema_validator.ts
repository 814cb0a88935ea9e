/** Checking JSON against a JSON Schema, with a message a model can act on. */

import type { OutputUnit, Schema, SchemaDraft, Validator } from "@cfworker/json-schema";
import type { JsonSchema, JsonValue } from "../records/json.ts";
import type { ParsedArguments } from "../ports/tool.ts";
import { isSchemaObject } from "./object_schema.ts";
import { prepareSchema } from "./prepared_schema.ts";
import type { PreparedSchema, PrepareSchemaOptions } from "./prepared_schema.ts";
import { compileSureCheck } from "./schema_fast_path.ts";

/** A compiled schema; answers at once whenever it can. */
export type SchemaCheck = (input: JsonValue) => ParsedArguments | Promise<ParsedArguments>;

/** Options of {@linkcode compileSchema}. */
export interface CompileSchemaOptions extends PrepareSchemaOptions {
  /**
   * What is checked, for the messages.
   *
   * @default {"arguments"}
   */
  readonly subject?: "arguments" | "answer";
}

/** The beginnings of messages. */
interface Words {
  readonly noObject: string;
  readonly unchecked: string;
  readonly unfit: string;
}

const WORDS: Readonly<Record<"arguments" | "answer", Words>> = {
  arguments: {
    noObject: "The arguments are not a JSON object.",
    unchecked: "The arguments cannot be checked against the tool's schema",
    unfit: "The arguments do not fit the tool's schema",
  },
  answer: {
    noObject: "The answer is not a JSON object.",
    unchecked: "The answer cannot be checked against its schema",
    unfit: "The answer does not fit its schema",
  },
};

type Library = typeof import("@cfworker/json-schema");

const MAX_PROBLEMS = 5;
const MAX_MESSAGE_LENGTH = 2_000;
/** Problems that only say that something inside is wrong. */
const WRAPPERS: ReadonlySet<string> = new Set(
  "properties patternProperties items prefixItems $ref allOf if dependentSchemas propertyNames".split(" "),
);

let loading: Promise<Library> | undefined;
let library: Library | undefined;

/**
 * Compiles a schema of an object into a check.
 *
 * Common values of common schemas are accepted at once; for the rest the validator library decides, which is
 * imported when it is first needed. One check is bounded in time whatever the schema; a check that exceeds the
 * bound fails. Formats that need a backtracking pattern are not checked.
 *
 * A host's own `pattern` runs on the backtracking engine: keep it simple. Pass `foreign` for a schema from outside,
 * such as an MCP server's: its patterns are never compiled, and its server checks them itself.
 *
 * @throws {TypeError} when the schema is malformed, has a `$ref` that leads outside, or is too large
 *
 * @example
 * ```ts ignore
 * const check = compileSchema({ type: "object", properties: { city: { type: "string" } }, required: ["city"] });
 * const parsed = await check({ city: "Kyiv" });
 * ```
 */
export function compileSchema(schema: JsonSchema, options: CompileSchemaOptions = {}): SchemaCheck {
  if (!isSchemaObject(schema)) throw new TypeError("Cannot use the schema: it is not an object");
  const type = schema["type"];
  if (type !== undefined && type !== "object") {
    throw new TypeError(`Cannot use the schema: it describes ${JSON.stringify(type)} and must describe an object`);
  }
  const prepared = prepareSchema(schema, options);
  const words = WORDS[options.subject ?? "arguments"];
  const isSurelyValid = compileSureCheck(schema) ?? no;
  const draft = draftOf(schema);
  let validator: Validator | undefined;

  function decide({ Validator }: Library, input: JsonValue): ParsedArguments {
    validator ??= new Validator(prepared.schema as Schema, draft);
    return verdict(validator, prepared, input, words);
  }

  return (input) => {
    if (!isSchemaObject(input)) return { ok: false, message: words.noObject };
    if (isSurelyValid(input)) return { ok: true, value: input };
    if (library !== undefined) return decide(library, input);
    return loadLibrary().then((loaded) => decide(loaded, input));
  };
}

function loadLibrary(): Promise<Library> {
  loading ??= import("@cfworker/json-schema").then((loaded) => library = loaded, (error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

function verdict(
  ...[validator, prepared, input, words]: readonly [Validator, PreparedSchema, JsonValue, Words]
): ParsedArguments {
  try {
    prepared.start(input);
    const { valid, errors } = validator.validate(input);
    return valid ? { ok: true, value: input } : { ok: false, message: explain(errors, words) };
  } catch (error) {
    // The allowance is used up, or the schema refers to itself without end and the stack is.
    const reason = error instanceof Error ? error.message : "the check failed";
    return { ok: false, message: cut(`${words.unchecked}: ${reason}.`) };
  }
}

function explain(errors: readonly OutputUnit[], words: Words): string {
  const leaves = errors.filter(({ keyword }) => !WRAPPERS.has(keyword));
  const problems = (leaves.length === 0 ? errors : leaves).slice(0, MAX_PROBLEMS).map(describe);
  const more = leaves.length > MAX_PROBLEMS ? ` (and ${leaves.length - MAX_PROBLEMS} more)` : "";
  return cut(`${words.unfit}: ${problems.join("; ")}${more}`);
}

function describe({ instanceLocation, keyword, error }: OutputUnit): string {
  const path = instanceLocation.slice(1) || "/";
  const text = keyword === "false"
    ? "this member is not allowed"
    : error.replace(/^Instance/, "value").replace(/\.$/, "");
  return `at ${path}: ${text}`;
}

function draftOf(schema: JsonSchema): SchemaDraft {
  const name = schema["$schema"];
  if (typeof name !== "string") return "2020-12";
  if (name.includes("draft-04")) return "4";
  if (name.includes("draft-06") || name.includes("draft-07")) return "7";
  return name.includes("2019-09") ? "2019-09" : "2020-12";
}

function cut(text: string): string {
  return text.length <= MAX_MESSAGE_LENGTH ? text : `${text.slice(0, MAX_MESSAGE_LENGTH)}…`;
}

function no(): boolean {
  return false;
}
