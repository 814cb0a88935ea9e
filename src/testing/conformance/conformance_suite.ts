/** The whole conformance suite in one call. */

import type { EventBus } from "../../ports/event_bus.ts";
import type { RuntimeTurnStore, SessionJournal } from "../../ports/journal.ts";
import type { SessionStorageStore } from "../../ports/session_storage_store.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import type {
  RuntimeAgentStore,
  RuntimeHarnessStore,
  RuntimeMessageStore,
  RuntimeProviderStore,
  RuntimeSessionStore,
} from "../../ports/stores.ts";
import { testAgentStore } from "./agent_store.ts";
import type { ConformanceOptions, RegisterCheck, SharedConformanceOptions } from "./conformance_options.ts";
import { testEventBus } from "./event_bus.ts";
import type { FileStoreConformanceOptions } from "./file_store_options.ts";
import { testFileStore } from "./file_store.ts";
import { testHarnessStore } from "./harness_store.ts";
import { testMessageStore } from "./message_store.ts";
import { testProviderStore } from "./provider_store.ts";
import { testSessionJournal } from "./session_journal.ts";
import { testSessionStorageStore } from "./session_storage_store.ts";
import { testSessionStore } from "./session_store.ts";
import { testSessionTaskRegistry } from "./task_registry.ts";
import { testTurnStore } from "./turn_store.ts";

/** What one port is checked with; the whole suite has the rest. */
export type ConformancePart<Options> = Omit<Options, "name" | "test">;

/** Options of {@linkcode conformanceSuite}: the ports a host implements, each with its factory. */
export interface ConformanceSuiteOptions {
  /** What is checked; put before the name of each check. */
  readonly name: string;
  /** Registers one check; `Deno.test` fits. */
  readonly test: RegisterCheck;
  /** The harness store. */
  readonly harnessStore?: ConformancePart<ConformanceOptions<RuntimeHarnessStore>>;
  /** The agent store. */
  readonly agentStore?: ConformancePart<ConformanceOptions<RuntimeAgentStore>>;
  /** The session store. */
  readonly sessionStore?: ConformancePart<ConformanceOptions<RuntimeSessionStore>>;
  /** The message store. */
  readonly messageStore?: ConformancePart<ConformanceOptions<RuntimeMessageStore>>;
  /** The provider store. */
  readonly providerStore?: ConformancePart<ConformanceOptions<RuntimeProviderStore>>;
  /** The file store. */
  readonly fileStore?: ConformancePart<FileStoreConformanceOptions>;
  /** The session storage. */
  readonly sessionStorageStore?: ConformancePart<ConformanceOptions<SessionStorageStore>>;
  /** The event bus. */
  readonly eventBus?: ConformancePart<ConformanceOptions<EventBus>>;
  /** The turn store. */
  readonly turnStore?: ConformancePart<SharedConformanceOptions<RuntimeTurnStore>>;
  /** The journal. */
  readonly journal?: ConformancePart<SharedConformanceOptions<SessionJournal>>;
  /** The task registry. */
  readonly taskRegistry?: ConformancePart<SharedConformanceOptions<SessionTaskRegistry>>;
}

/**
 * Registers the checks of every port that is given; a store of your own is ready for the runtime when all pass.
 *
 * @example
 * ```ts ignore
 * import { conformanceSuite } from "@everruns/runtime/testing";
 *
 * conformanceSuite({
 *   name: "my backends",
 *   test: Deno.test,
 *   messageStore: { create: () => new MyMessageStore(), close: (store) => store.close() },
 *   fileStore: { create: () => new MyFileStore(), separatesWorkspaces: false },
 * });
 * ```
 */
export function conformanceSuite(options: ConformanceSuiteOptions): void {
  const { harnessStore, agentStore, sessionStore, messageStore, providerStore } = options;
  const { fileStore, sessionStorageStore, eventBus, turnStore, journal, taskRegistry } = options;
  const part = (port: string): { name: string; test: RegisterCheck } => ({
    name: `${options.name}, ${port}`,
    test: options.test,
  });
  if (harnessStore !== undefined) testHarnessStore({ ...harnessStore, ...part("harness store") });
  if (agentStore !== undefined) testAgentStore({ ...agentStore, ...part("agent store") });
  if (sessionStore !== undefined) testSessionStore({ ...sessionStore, ...part("session store") });
  if (messageStore !== undefined) testMessageStore({ ...messageStore, ...part("message store") });
  if (providerStore !== undefined) testProviderStore({ ...providerStore, ...part("provider store") });
  if (fileStore !== undefined) testFileStore({ ...fileStore, ...part("file store") });
  if (sessionStorageStore !== undefined) {
    testSessionStorageStore({ ...sessionStorageStore, ...part("session storage") });
  }
  if (eventBus !== undefined) testEventBus({ ...eventBus, ...part("event bus") });
  if (turnStore !== undefined) testTurnStore({ ...turnStore, ...part("turn store") });
  if (journal !== undefined) testSessionJournal({ ...journal, ...part("journal") });
  if (taskRegistry !== undefined) testSessionTaskRegistry({ ...taskRegistry, ...part("task registry") });
}
