/**
 * A JSON Schema made ready for the validator library: checked, copied and without what could hang or crash a check.
 *
 * The library writes hidden members into the schema it is given, follows references without limit and compiles
 * patterns with the backtracking engine; the copy made here takes each of these away.
 */

import type { JsonSchema, JsonValue } from "../records/json.ts";
import { isSchemaObject } from "./object_schema.ts";
import { SchemaMeter } from "./schema_meter.ts";

/** Options of {@linkcode prepareSchema}. */
export interface PrepareSchemaOptions {
  /**
   * Whether somebody untrusted wrote the schema: its patterns are never compiled.
   *
   * @default {false}
   */
  readonly foreign?: boolean;
}

/** A schema that is ready, with the meter that bounds a check. */
export interface PreparedSchema {
  /** What the library gets. */
  readonly schema: Record<string, unknown>;
  /**
   * Starts a check of a value; every check has an allowance of its own.
   *
   * @throws {RangeError} when the check would take too long; so does the check itself
   */
  start(value: JsonValue): void;
}

/** Most subschemas of a schema, and how deep they nest. */
const MAX_SCHEMAS = 20_000;
const MAX_DEPTH = 100;
/** Names and values of a schema the library looks through in one step. */
const ENTRIES_PER_STEP = 50;

const SUBSCHEMA = new Set(
  "not if then else additionalProperties unevaluatedProperties propertyNames additionalItems unevaluatedItems contains"
    .split(" "),
);
const SUBSCHEMA_LIST = new Set(["anyOf", "allOf", "oneOf", "prefixItems"]);
const SUBSCHEMA_MAP = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]);
const NUMBER = new Set(
  ("minimum maximum multipleOf minLength maxLength minItems maxItems minProperties maxProperties minContains " +
    "maxContains").split(" "),
);
/** Formats the library checks in linear time; `url` and names it does not know are left out. */
const FORMATS = new Set(
  ("date time date-time duration email hostname ipv4 ipv6 uri uri-reference uuid json-pointer relative-json-pointer")
    .split(" "),
);
/** With these, leaving something out could refuse what the full schema accepts. */
const NEGATIVE = new Set(["not", "if", "oneOf", "maxContains", "unevaluatedProperties", "unevaluatedItems"]);

/**
 * Checks and copies a schema for the library.
 *
 * `dependencies` and dynamic references of older drafts are not checked.
 * Of a foreign schema `pattern`, `patternProperties` and `uniqueItems` are left out; when leaving them out could make
 * the schema stricter, nothing of it is checked and its author has the last word.
 *
 * @throws {TypeError} when a keyword has the wrong shape, a `$ref` leads outside, or the schema is too large
 */
export function prepareSchema(root: JsonSchema, options: PrepareSchemaOptions = {}): PreparedSchema {
  const walk = new Walk(root, options.foreign ?? false);
  const schema = walk.schema(root, "#", 0);
  return {
    schema: walk.mayBeStricter ? {} : schema,
    start: (value) => walk.meter.start(value, walk.comparesItems),
  };
}

class Walk {
  readonly meter: SchemaMeter = new SchemaMeter();
  comparesItems = false;
  readonly #root: JsonSchema;
  readonly #foreign: boolean;
  #schemas = 0;
  #isLoosened = false;
  #hasNegative = false;

  constructor(root: JsonSchema, foreign: boolean) {
    this.#root = root;
    this.#foreign = foreign;
  }

  get mayBeStricter(): boolean {
    return this.#isLoosened && this.#hasNegative;
  }

  schema(source: JsonSchema, at: string, depth: number): Record<string, unknown> {
    if (depth > MAX_DEPTH) throw new TypeError(`Cannot use the schema: it nests deeper than ${MAX_DEPTH} levels`);
    if (++this.#schemas > MAX_SCHEMAS) throw new TypeError(`Cannot use the schema: it has over ${MAX_SCHEMAS} parts`);
    const copy: Record<string, unknown> = Object.create(null);
    for (const [keyword, argument] of Object.entries(source)) {
      this.#keyword(copy, keyword, argument, `${at}/${keyword}`, depth + 1);
    }
    if (this.#foreign && source["patternProperties"] !== undefined) {
      delete copy["patternProperties"];
      delete copy["additionalProperties"];
    }
    const weight = 1 + Math.floor(entriesOf(source) / ENTRIES_PER_STEP);
    // The library reads this keyword, and nothing else does, once each time it visits a schema.
    Object.defineProperty(copy, "$recursiveAnchor", { get: () => this.meter.visit(weight) });
    return copy;
  }

  #keyword(copy: Record<string, unknown>, keyword: string, argument: JsonValue, at: string, depth: number): void {
    if (NEGATIVE.has(keyword)) this.#hasNegative = true;
    if (SUBSCHEMA.has(keyword)) copy[keyword] = this.#subschema(argument, at, depth);
    else if (SUBSCHEMA_LIST.has(keyword)) copy[keyword] = this.#list(argument, at, depth);
    else if (SUBSCHEMA_MAP.has(keyword)) {
      copy[keyword] = this.#map(argument, at, depth, keyword === "patternProperties");
    } else if (NUMBER.has(keyword)) copy[keyword] = expect(typeof argument === "number", argument, at, "a number");
    else {
      switch (keyword) {
        case "type":
          copy[keyword] = expect(isStringOrStrings(argument), argument, at, "a type or a list of types");
          break;
        case "required":
          copy[keyword] = expect(isStrings(argument), argument, at, "a list of names");
          break;
        case "enum":
          copy[keyword] = expect(Array.isArray(argument), argument, at, "a list of values");
          break;
        case "const":
          copy[keyword] = argument;
          break;
        case "uniqueItems":
          expect(typeof argument === "boolean", argument, at, "true or false");
          if (argument === true) this.#uniqueItems(copy);
          break;
        case "exclusiveMinimum":
        case "exclusiveMaximum":
          // Draft 4 wrote true or false beside `minimum`; the library is told which draft it is.
          copy[keyword] = expect(/^(number|boolean)$/.test(typeof argument), argument, at, "a number");
          break;
        case "items":
          copy[keyword] = Array.isArray(argument)
            ? this.#list(argument, at, depth)
            : this.#subschema(argument, at, depth);
          break;
        case "format":
          if (typeof argument === "string" && FORMATS.has(argument)) copy[keyword] = argument;
          break;
        case "pattern":
          this.#pattern(argument, at);
          if (!this.#foreign) copy[keyword] = argument;
          break;
        case "dependentRequired":
          copy[keyword] = nullCopy(
            argument,
            at,
            (names, place) => expect(isStrings(names), names, place, "a list of names"),
          );
          break;
        case "$ref":
          copy[keyword] = this.#reference(argument, at);
          break;
        case "dependencies":
        case "$dynamicRef":
        case "$recursiveRef":
          this.#isLoosened = true;
          break;
        default:
          // Annotations and keywords nobody checks.
      }
    }
  }

  #subschema(argument: JsonValue, at: string, depth: number): unknown {
    if (argument === false) return false;
    // Visits of `true` would not be counted.
    if (argument === true) return this.schema({}, at, depth);
    if (isSchemaObject(argument)) return this.schema(argument, at, depth);
    throw wrong(at, "a schema");
  }

  #list(argument: JsonValue, at: string, depth: number): unknown[] {
    if (!Array.isArray(argument)) throw wrong(at, "a list of schemas");
    return argument.map((item: JsonValue, index) => this.#subschema(item, `${at}/${index}`, depth));
  }

  #map(argument: JsonValue, at: string, depth: number, keysArePatterns: boolean): Record<string, unknown> {
    return nullCopy(argument, at, (item, place, key) => {
      if (keysArePatterns) this.#pattern(key, place);
      return this.#subschema(item, place, depth);
    });
  }

  #uniqueItems(copy: Record<string, unknown>): void {
    if (this.#foreign) this.#isLoosened = true;
    else this.comparesItems = copy["uniqueItems"] = true;
  }

  #pattern(pattern: JsonValue, at: string): void {
    if (typeof pattern !== "string") throw wrong(at, "a pattern");
    if (this.#foreign) {
      this.#isLoosened = true;
      return;
    }
    try {
      new RegExp(pattern, "u");
    } catch (cause) {
      throw new TypeError(`Cannot use the schema: the pattern at ${at} is not a valid regular expression`, { cause });
    }
  }

  #reference(reference: JsonValue, at: string): string {
    if (typeof reference !== "string" || !(reference === "#" || reference.startsWith("#/"))) {
      throw new TypeError(
        `Cannot use the schema: $ref ${
          JSON.stringify(reference)
        } at ${at} leads outside the schema; copy its target into $defs`,
      );
    }
    if (!this.#resolves(reference)) {
      throw new TypeError(`Cannot use the schema: $ref "${reference}" at ${at} leads nowhere`);
    }
    return reference;
  }

  #resolves(pointer: string): boolean {
    let target: JsonValue | undefined = this.#root;
    for (const part of pointer.split("/").slice(1)) {
      const key = unescapePointer(part);
      if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return false;
      target = Array.isArray(target) ? target[Number(key)] : isSchemaObject(target) ? target[key] : undefined;
    }
    return typeof target === "boolean" || (target !== undefined && isSchemaObject(target));
  }
}

function expect(condition: boolean, argument: JsonValue, at: string, wanted: string): JsonValue {
  if (!condition) throw wrong(at, wanted);
  return argument;
}

function nullCopy(
  argument: JsonValue,
  at: string,
  convert: (item: JsonValue, at: string, key: string) => unknown,
): Record<string, unknown> {
  if (!isSchemaObject(argument)) throw wrong(at, "an object");
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(argument)) copy[key] = convert(item, `${at}/${key}`, key);
  return copy;
}

/** Names and values the library may look through each time it visits a schema. */
function entriesOf({ enum: values, required, properties }: JsonSchema): number {
  return [values, required, properties].reduce<number>((sum, list) => {
    return typeof list === "object" && list !== null ? sum + Object.keys(list).length : sum;
  }, 0);
}

function isStrings(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isStringOrStrings(value: JsonValue): boolean {
  return typeof value === "string" || isStrings(value);
}

function unescapePointer(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return part;
  }
}

function wrong(at: string, wanted: string): TypeError {
  return new TypeError(`Cannot use the schema: ${at} is not ${wanted}`);
}
