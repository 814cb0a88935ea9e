/** Front matter: the YAML between two `---` lines at the head of a Markdown file. */

import type { JsonObject } from "../records/json.ts";
import { messageOf } from "../errors.ts";
import { toBoundedJson } from "./bounded_json.ts";
import { lazy } from "./lazy.ts";

/** A text and what its head says about it, or what is wrong with the head. */
export type FrontMatter =
  | {
    /** It could be read. */
    readonly ok: true;
    /** What the head says; empty when the text has none. */
    readonly attributes: JsonObject;
    /** The text without its head. */
    readonly body: string;
  }
  | {
    /** It could not. */
    readonly ok: false;
    /** Why, in words for people; names the line where that is known. */
    readonly message: string;
  };

/** Most characters of a head. */
const MAX_HEAD = 16_384;
/** Most bytes of it as JSON: aliases let a short text stand for a huge value. */
const MAX_JSON_BYTES = 65_536;

/** A byte order mark, `---`, lines, `---`; only spaces may follow the dashes. */
const OPENING = /^\uFEFF?---[ \t]*\r?\n/;
const CLOSING = /^---[ \t]*\r?$/m;

const yaml = lazy(() => import("js-yaml"));

/**
 * Takes the head off a text and reads it as YAML 1.2.
 *
 * Dates stay text, and no tag makes anything but plain JSON. The parser is imported when a text with a head is first
 * read. A text that does not begin with `---` has no head, which is no mistake.
 *
 * @example
 * ```ts ignore
 * const skill = await parseFrontMatter("---\nname: tidy\n---\nTidy up.");
 * if (skill.ok) skill.attributes.name; // "tidy"
 * ```
 */
export async function parseFrontMatter(text: string): Promise<FrontMatter> {
  const opening = OPENING.exec(text);
  if (opening === null) return { ok: true, attributes: {}, body: text.replace(/^\uFEFF/, "") };
  const rest = text.slice(opening[0].length);
  const closing = CLOSING.exec(rest.slice(0, MAX_HEAD + 8));
  if (closing === null) {
    return { ok: false, message: `the front matter has no closing "---" within ${MAX_HEAD} characters` };
  }
  const read = await readHead(rest.slice(0, closing.index));
  if (!read.ok) return read;
  const body = rest.slice(closing.index + closing[0].length).replace(/^\n/, "");
  return { ok: true, attributes: read.attributes, body };
}

type Head = { readonly ok: true; readonly attributes: JsonObject } | { readonly ok: false; readonly message: string };

async function readHead(head: string): Promise<Head> {
  if (head.trim() === "") return { ok: true, attributes: {} };
  const { load, CORE_SCHEMA } = await yaml();
  let value: unknown;
  try {
    value = load(head, { schema: CORE_SCHEMA });
  } catch (error) {
    return { ok: false, message: `the front matter is not YAML: ${firstLine(messageOf(error))}` };
  }
  if (value === null || value === undefined) return { ok: true, attributes: {} };
  const { value: attributes, truncated } = toBoundedJson(value, { maxBytes: MAX_JSON_BYTES });
  if (truncated) return { ok: false, message: `the front matter is larger than ${MAX_JSON_BYTES} bytes` };
  if (typeof attributes !== "object" || attributes === null || Array.isArray(attributes)) {
    return { ok: false, message: "the front matter is not a list of `name: value` lines" };
  }
  return { ok: true, attributes: attributes as JsonObject };
}

/** The parser shows the place below its first line. */
function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}
