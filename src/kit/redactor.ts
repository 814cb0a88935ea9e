/** Keeping secrets out of what comes back from outside. */

import type { JsonValue } from "../records/json.ts";
import { secretPatterns } from "./secret_pattern.ts";

/** Shapes of keys and of headers that carry them, whoever's they are; V8 takes no run of any length (Deno 2.9.6). */
const KEY_SHAPES =
  /\b(sk|rk|pk|ghp|gho|xox[abp])[-_][\w*-]{8,65536}|\bAIza[\w-]{30,65536}|\bBearer\s{1,99}[^\s"',}]{16,65536}/gi;
/** Shorter values are too common to be looked for. */
const MIN_LENGTH = 6;
/** What was cut off counts when so much of it is left. */
const MIN_CUT = 8;
/** Most values that are remembered beside those given at first: tokens come and go. */
const MAX_ADDED = 64;
const HIDDEN = "[secret]";

/**
 * Takes secret values out of texts, in every spelling in which they may come back.
 *
 * Of a failure nothing is lost when a value goes that only may be secret. A result is data the model works with: there
 * only credentials go. The known limit is a value that somebody changed in a way of their own, or cut at both ends.
 */
export class Redactor {
  readonly #credentials: Known = new Map();
  readonly #others: Known = new Map();
  readonly #addedCredentials: Known = new Map();
  readonly #addedOthers: Known = new Map();

  /** Knows credentials, and other values that only failures may not repeat. */
  constructor(credentials: readonly string[] = [], others: readonly string[] = []) {
    for (const value of bare(credentials)) this.#credentials.set(value, secretPatterns(value));
    for (const value of bare(others)) this.#others.set(value, secretPatterns(value));
  }

  /** Remembers more credentials, such as a token that is about to be sent. */
  add(credentials: readonly string[]): void {
    for (const value of bare(credentials)) if (!this.#credentials.has(value)) remember(this.#addedCredentials, value);
  }

  /** Remembers a key, unless it is a word that merely stands in its place. */
  addKey(key: string): void {
    if (looksRandom(key, 16)) this.add([key]);
  }

  /** Remembers a value that only failures may not repeat. */
  addOther(value: string): void {
    for (const part of bare([value])) remember(this.#addedOthers, part);
  }

  /** The words of a failure without secrets, those included that merely look like a key. */
  redact(text: string): string {
    return this.redactKnown(text).replace(KEY_SHAPES, HIDDEN);
  }

  /** The words of a failure without the values that are known. */
  redactKnown(text: string): string {
    const known = longestFirst(this.#credentials, this.#addedCredentials, this.#others, this.#addedOthers);
    const whole = known.reduce((rest, [, patterns]) => hidden(rest, patterns), text);
    return withoutCutEnd(whole, known.map(([value]) => value));
  }

  /** A result without credentials; the same value when it has none. */
  redactResult<T extends JsonValue>(value: T): T;
  redactResult(value: JsonValue): JsonValue {
    const known = longestFirst(this.#credentials, this.#addedCredentials);
    return known.length === 0 ? value : without(value, known.flatMap(([, patterns]) => patterns));
  }

  /** How many characters at the end of a text may be the beginning of a credential, of which more may follow. */
  beginning(text: string): number {
    let most = 0;
    for (const value of [...this.#credentials.keys(), ...this.#addedCredentials.keys()]) {
      for (let length = Math.min(value.length - 1, text.length); length > most; length--) {
        if (text.endsWith(value.slice(0, length))) most = length;
      }
    }
    return most;
  }
}

/** Letters and digits in one long word: nobody gave it a meaning. */
export function looksRandom(value: string, least: number): boolean {
  return value.length >= least && /^\S+$/.test(value) && /\d/.test(value) && /[a-z]/i.test(value);
}

type Known = Map<string, Patterns>;
type Patterns = readonly RegExp[];

function remember(known: Known, value: string): void {
  const patterns = known.get(value) ?? secretPatterns(value);
  // What is used again is not the next to be forgotten.
  known.delete(value);
  known.set(value, patterns);
  const [oldest] = known.keys();
  if (known.size > MAX_ADDED && oldest !== undefined) known.delete(oldest);
}

/** A secret may be a part of another one. */
function longestFirst(...known: readonly Known[]): readonly (readonly [string, Patterns])[] {
  return known.flatMap((some) => [...some]).sort(([a], [b]) => b.length - a.length);
}

function hidden(text: string, patterns: Patterns): string {
  const result = patterns.reduce((rest, pattern) => rest.replace(pattern, HIDDEN), text);
  return patterns.length > 1 && result !== text ? result.replace(/(?:\[secret\]){2,}/g, HIDDEN) : result;
}

function without(value: JsonValue, secrets: Patterns): JsonValue {
  if (typeof value === "string") return hidden(value, secrets);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => without(item, secrets));
    return items.every((item, place) => item === value[place]) ? value : items;
  }
  const before = Object.entries(value);
  const after = before.map(([name, member]) => [hidden(name, secrets), without(member, secrets)] as const);
  const isSame = after.every(([name, member], at) => name === before[at]?.[0] && member === before[at]?.[1]);
  // Foreign objects have no prototype, and keep none.
  return isSame ? value : Object.assign(Object.create(Object.getPrototypeOf(value)), Object.fromEntries(after));
}

/** Somebody may have cut the text in the middle of a secret: most of one is one too. */
function withoutCutEnd(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) {
    const least = Math.max(MIN_CUT, Math.ceil(secret.length / 2));
    for (let length = secret.length - 1; length >= least; length--) {
      if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + HIDDEN;
    }
  }
  return text;
}

/** The values that are worth looking for; `Bearer KEY` may come back without its scheme. */
function bare(values: readonly string[]): readonly string[] {
  const all = values.flatMap((value) => {
    const key = /^\w+ (\S+)$/.exec(value)?.[1];
    return key === undefined ? [value] : [value, key];
  });
  return [...new Set(all)].filter((value) => value.length >= MIN_LENGTH);
}
