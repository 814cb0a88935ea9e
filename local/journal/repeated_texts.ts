/** Texts of a step that repeat others of it: most of its events name the same turn and the same message. */

import { isJsonObject } from "../../src/kit/json_object.ts";

/** What a reference begins with; a text that does so too gets one more. */
const MARK = "~";
/** Texts of other lengths are written out: they would hardly get shorter, or hardly come twice. */
const MIN_LENGTH = 16;
const MAX_LENGTH = 256;
/** It can be read but not set, so it stays as it is. */
const UNSETTABLE = "__proto__";

/**
 * The texts of one row in the order they are met, so that a later one can name an earlier one: `~0` is the first.
 *
 * Writer and reader meet the same texts in the same order. Only the members of an event's details are looked at, not what
 * is inside them; their order stays as it is.
 */
export class RepeatedTexts {
  readonly #places: Map<string, number> = new Map();
  readonly #texts: string[] = [];

  /** Begins with the ids and the first texts of what a row's messages hold. */
  constructor(contents: readonly unknown[]) {
    for (const content of contents) {
      if (!isJsonObject(content)) continue;
      this.meetAll(content);
      const parts = content["content"];
      if (Array.isArray(parts) && isJsonObject(parts[0])) this.meetAll(parts[0]);
    }
  }

  /** Meets the members of an object. */
  meetAll(object: object): void {
    for (const text of Object.values(object)) if (typeof text === "string") this.#meet(text);
  }

  /** The object with references in place of what was met before; the same one when there is none. */
  shorten(object: object): object {
    const full = object as Readonly<Record<string, unknown>>;
    let short: Record<string, unknown> | undefined;
    for (const name of Object.keys(object)) {
      const text = full[name];
      if (typeof text !== "string" || name === UNSETTABLE) continue;
      const place = this.#places.get(text);
      if (place === undefined) this.#meet(text);
      if (place === undefined && !text.startsWith(MARK)) continue;
      short ??= { ...object };
      short[name] = `${MARK}${place ?? text}`;
    }
    return short ?? object;
  }

  /** Puts back what references stand for, in the object itself. */
  restore(object: object): object {
    const restored = object as Record<string, unknown>;
    for (const name of Object.keys(object)) {
      const text = restored[name];
      if (typeof text !== "string" || name === UNSETTABLE) continue;
      const full = this.#restore(text);
      if (full !== text) restored[name] = full;
      this.#meet(full);
    }
    return restored;
  }

  #restore(text: string): string {
    if (!text.startsWith(MARK)) return text;
    return text.startsWith(MARK, 1) ? text.slice(1) : this.#texts[Number(text.slice(1))] ?? text;
  }

  #meet(text: string): void {
    if (text.length < MIN_LENGTH || text.length > MAX_LENGTH || this.#places.has(text)) return;
    this.#places.set(text, this.#texts.length);
    this.#texts.push(text);
  }
}
