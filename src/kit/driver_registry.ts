/** The drivers a runtime knows. */

import { ConfigurationError } from "../errors.ts";
import type { DriverId } from "../records/model.ts";
import type { DriverDescriptor } from "../ports/driver.ts";

/**
 * The drivers a runtime knows, by id.
 *
 * @example
 * ```ts
 * import { DriverRegistry } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const drivers = new DriverRegistry();
 * assert.equal(drivers.has("openai"), false);
 * ```
 */
export class DriverRegistry {
  readonly #drivers = new Map<DriverId, DriverDescriptor>();

  /**
   * Adds a driver.
   *
   * @throws {TypeError} when it is not a driver descriptor
   * @throws {ConfigurationError} when its id is taken
   */
  register(descriptor: DriverDescriptor): this {
    checkDescriptor(descriptor);
    const { id } = descriptor;
    if (this.#drivers.has(id)) {
      throw new ConfigurationError(
        `Cannot register driver "${id}": the id is taken; register it once, or under an id of its own`,
      );
    }
    this.#drivers.set(id, descriptor);
    return this;
  }

  /** The driver of an id, or undefined. */
  get(id: DriverId): DriverDescriptor | undefined {
    return this.#drivers.get(id);
  }

  /** Tells whether an id is known. */
  has(id: DriverId): boolean {
    return this.#drivers.has(id);
  }

  /** The ids, in the order of registration. */
  ids(): readonly DriverId[] {
    return [...this.#drivers.keys()];
  }

  /** A registry of the same drivers that can be added to on its own. */
  clone(): DriverRegistry {
    const copy = new DriverRegistry();
    for (const [id, descriptor] of this.#drivers) copy.#drivers.set(id, descriptor);
    return copy;
  }
}

function checkDescriptor(descriptor: DriverDescriptor): void {
  if (typeof descriptor !== "object" || descriptor === null) {
    throw new TypeError("Cannot register a driver: it is not a driver descriptor");
  }
  const { id, requiresApiKey } = descriptor;
  if (typeof id !== "string" || id.trim() === "") throw new TypeError("Cannot register a driver: `id` is not a name");
  if (typeof requiresApiKey !== "boolean") {
    throw new TypeError(`Cannot register driver "${id}": \`requiresApiKey\` is not true or false`);
  }
  if (typeof descriptor.permissions !== "function" || typeof descriptor.create !== "function") {
    throw new TypeError(`Cannot register driver "${id}": it has no \`permissions\` or no \`create\` function`);
  }
}
