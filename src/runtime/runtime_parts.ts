/** What the builder hands to the runtime. */

import type { AgentId, HarnessId, SessionId } from "../records/ids.ts";
import type { ResolvedModel } from "../records/model.ts";
import type { Clock, RandomSource } from "../ports/clock.ts";
import type { RuntimeFileStore } from "../ports/file_store.ts";
import type { ToolSourceConnector } from "../ports/tool_source.ts";
import type { IdSource } from "../kit/ids.ts";
import type { CapabilityRegistry, DriverRegistry } from "../kit/registries.ts";
import type { SharedFolds } from "../context/config_cache.ts";
import type { TurnChain } from "../turn/kernel_ports.ts";
import type { ProviderRetryConfig, TurnLimits } from "../turn/limits.ts";
import type { BackendSlots } from "./backend_slots.ts";
import type { KnownSecrets } from "./driver_pool.ts";

/** What a runtime is made of; the builder fills it in. */
export interface RuntimeParts {
  /** The stores. */
  readonly slots: BackendSlots;
  /** Folds that sessions share. */
  readonly folds: SharedFolds;
  /** The file store. */
  readonly fileStore: RuntimeFileStore;
  /** The capabilities. */
  readonly capabilities: CapabilityRegistry;
  /** The drivers. */
  readonly drivers: DriverRegistry;
  /** The secrets it knows. */
  readonly secrets: KnownSecrets;
  /** Connectors of configured servers. */
  readonly connectors: readonly ToolSourceConnector[];
  /** Time. */
  readonly clock: Clock;
  /** Randomness. */
  readonly random: RandomSource;
  /** Mints ids. */
  readonly ids: IdSource;
  /** Retries of model calls. */
  readonly retry: ProviderRetryConfig;
  /** Deadlines and caps. */
  readonly limits: TurnLimits;
  /** Knows which turns a call is made from. */
  readonly chain: TurnChain;
  /** The session of `singleSession`. */
  readonly defaultSessionId: SessionId | undefined;
  /** What was stored at `build()`. */
  readonly seeded: SeededRecords;
}

/** The records a builder stored. */
export interface SeededRecords {
  /** The sessions. */
  readonly sessions: readonly SessionId[];
  /** The harnesses; sessions that are made later may use them. */
  readonly harnesses: readonly HarnessId[];
  /** The agents, as the harnesses. */
  readonly agents: readonly AgentId[];
  /** The models; any input may name one. */
  readonly models: readonly ResolvedModel[];
}
