/** The platform definition: what the program offers to every session. */

import type { SessionFileSystemFactory } from "../ports/file_store.ts";
import { CapabilityRegistry, DriverRegistry } from "../kit/registries.ts";

/** What a {@linkcode PlatformDefinition} is made of. */
export interface PlatformDefinitionOptions {
  /** Capabilities the layers may switch on. @default none */
  readonly capabilities?: CapabilityRegistry;
  /** Drivers that models may name. @default none */
  readonly drivers?: DriverRegistry;
  /** Makes the file store. @default in memory */
  readonly sessionFileSystemFactory?: SessionFileSystemFactory;
}

/**
 * Capabilities, drivers and the file system of a program.
 *
 * Giving one to the builder replaces the built-in set of capabilities.
 *
 * @example
 * ```ts
 * import { CapabilityRegistry, DriverRegistry, PlatformDefinition } from "@everruns/runtime";
 *
 * const platform = new PlatformDefinition({ capabilities: new CapabilityRegistry(), drivers: new DriverRegistry() });
 * ```
 */
export class PlatformDefinition {
  /** Capabilities the layers may switch on. */
  readonly capabilities: CapabilityRegistry;
  /** Drivers that models may name. */
  readonly drivers: DriverRegistry;
  /** Makes the file store, unless the default is used. */
  readonly sessionFileSystemFactory: SessionFileSystemFactory | undefined;

  /** Bundles the parts. */
  constructor(options: PlatformDefinitionOptions = {}) {
    this.capabilities = options.capabilities ?? new CapabilityRegistry();
    this.drivers = options.drivers ?? new DriverRegistry();
    this.sessionFileSystemFactory = options.sessionFileSystemFactory;
  }
}
