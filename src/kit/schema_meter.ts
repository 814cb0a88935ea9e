/** Bounds the work of one schema check, whatever the schema and the value do to each other. */

import type { JsonValue } from "../records/json.ts";

/** Steps of a check beside those that grow with the value; a step is about a microsecond. */
const BASE_ALLOWANCE = 100_000;
const STEPS_PER_NODE = 4;
/** Characters, or members of one object, that one visit may look at for one step. */
const SIZE_PER_STEP = 1_000;
/** Most comparisons of parts of items for `uniqueItems`, which compares every two. */
const MAX_COMPARISONS = 2_000_000;

/** Counts the steps of one check. */
export class SchemaMeter {
  #left = 0;
  #stepsPerVisit = 0;

  /**
   * Starts a check of a value.
   *
   * @throws {RangeError} when comparing its items with each other would take too long
   */
  start(value: JsonValue, comparesItems: boolean): void {
    const size: Size = { nodes: 0, widest: 0, comparisons: 0 };
    measure(value, size);
    if (comparesItems && size.comparisons > MAX_COMPARISONS) throw tooMuch();
    this.#stepsPerVisit = Math.floor(size.widest / SIZE_PER_STEP);
    this.#left = BASE_ALLOWANCE + STEPS_PER_NODE * size.nodes;
  }

  /**
   * Counts one visit of a schema.
   *
   * @throws {RangeError} when the check takes too long
   */
  visit(weight: number): void {
    this.#left -= weight + this.#stepsPerVisit;
    if (this.#left < 0) throw tooMuch();
  }
}

interface Size {
  nodes: number;
  /** The longest text or the most members of one object. */
  widest: number;
  comparisons: number;
}

function measure(value: JsonValue, size: Size): void {
  size.nodes++;
  if (typeof value === "string") size.widest = Math.max(size.widest, value.length);
  if (typeof value !== "object" || value === null) return;
  const before = size.nodes;
  const members = Object.values(value);
  for (const member of members) measure(member, size);
  if (Array.isArray(value)) size.comparisons += members.length * (size.nodes - before);
  else size.widest = Math.max(size.widest, members.length);
}

function tooMuch(): RangeError {
  return new RangeError("the check would take too long");
}
