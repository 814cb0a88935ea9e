/** The capabilities and drivers a runtime knows. */

import { ConfigurationError, messageOf, NotFoundError, RuntimeError } from "../errors.ts";
import type { DriverId } from "../records/model.ts";
import type { Capability, LazyCapability } from "../ports/capability.ts";
import type { DriverDescriptor } from "../ports/driver.ts";
import { checkCapability, checkCapabilityIdentity } from "./define_capability.ts";

/** One registered capability; shared by clones, so that it is loaded once. */
interface Entry {
  readonly registered: Capability | LazyCapability;
  loaded: Capability | undefined;
  loading: Promise<Capability> | undefined;
}

/**
 * The capabilities a runtime knows, by id and alias.
 *
 * @example
 * ```ts
 * import { CapabilityRegistry } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const capabilities = new CapabilityRegistry()
 *   .register({ id: "good_manners", aliases: ["politeness"], name: "Good manners" });
 * assert.equal(capabilities.get("politeness")?.id, "good_manners");
 * ```
 */
export class CapabilityRegistry {
  /** By id and by alias. */
  readonly #entries = new Map<string, Entry>();

  /**
   * Adds a capability, or the descriptor of one that is imported when a session first uses it.
   *
   * Of a descriptor, the aliases are those it declares itself.
   *
   * @throws {TypeError} when a member has the wrong shape
   * @throws {RangeError} when two of its tools, or two of its commands, share a name
   * @throws {ConfigurationError} when its id or one of its aliases is taken
   */
  register(capability: Capability | LazyCapability): this {
    if (isLazyCapability(capability)) checkCapabilityIdentity(capability);
    else checkCapability(capability);
    const names = new Set([capability.id, ...capability.aliases ?? []]);
    for (const name of names) {
      const holder = this.#entries.get(name)?.registered.id;
      if (holder === undefined) continue;
      throw new ConfigurationError(
        `Cannot register capability "${capability.id}": "${name}" already means capability "${holder}";` +
          " register it once, or give it an id and aliases of its own",
      );
    }
    const entry: Entry = {
      registered: capability,
      loaded: isLazyCapability(capability) ? undefined : capability,
      loading: undefined,
    };
    for (const name of names) this.#entries.set(name, entry);
    return this;
  }

  /** What is known under an id or alias: the capability, or its descriptor while it is not loaded. */
  get(idOrAlias: string): Capability | LazyCapability | undefined {
    const entry = this.#entries.get(idOrAlias);
    return entry?.loaded ?? entry?.registered;
  }

  /** Tells whether an id or alias is known. */
  has(idOrAlias: string): boolean {
    return this.#entries.has(idOrAlias);
  }

  /** The ids without aliases, in the order of registration. */
  ids(): readonly string[] {
    return [...new Set([...this.#entries.values()].map((entry) => entry.registered.id))];
  }

  /**
   * The capability of an id or alias; at once when it is loaded, else after its import.
   *
   * An import that fails is tried again the next time; the promise then rejects with `capability_load_failed`.
   *
   * @throws {NotFoundError} when nothing is registered under the name
   */
  resolve(idOrAlias: string): Capability | Promise<Capability> {
    const entry = this.#entries.get(idOrAlias);
    if (entry === undefined) {
      throw new NotFoundError("capability", idOrAlias, "register it in the CapabilityRegistry first");
    }
    return entry.loaded ?? load(entry);
  }

  /** A registry of the same capabilities that can be added to on its own. */
  clone(): CapabilityRegistry {
    const copy = new CapabilityRegistry();
    for (const [name, entry] of this.#entries) copy.#entries.set(name, entry);
    return copy;
  }
}

/** Tells the descriptor of a capability from the capability. */
export function isLazyCapability(capability: Capability | LazyCapability): capability is LazyCapability {
  return typeof capability === "object" && capability !== null && "load" in capability &&
    typeof capability.load === "function";
}

function load(entry: Entry): Promise<Capability> {
  entry.loading ??= importCapability(entry.registered).then(
    (capability) => entry.loaded = capability,
    (error) => {
      entry.loading = undefined;
      throw error;
    },
  );
  return entry.loading;
}

async function importCapability(descriptor: Capability | LazyCapability): Promise<Capability> {
  if (!isLazyCapability(descriptor)) return descriptor;
  const { id } = descriptor;
  try {
    const capability = await descriptor.load();
    checkCapability(capability);
    if (capability.id !== id) throw new TypeError(`it was loaded under another id, "${capability.id}"`);
    return capability;
  } catch (cause) {
    throw new RuntimeError("capability_load_failed", `Cannot load capability "${id}": ${messageOf(cause)}`, { cause });
  }
}

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
