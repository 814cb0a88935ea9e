/** The backends: the bundle of stores a runtime runs on. */

import type { BackendSlots } from "./backend_slots.ts";
import type { ConnectionResolver } from "../ports/connection_resolver.ts";
import type { EventBus } from "../ports/event_bus.ts";
import type { RuntimeFileStore } from "../ports/file_store.ts";
import type { RuntimeTurnStore, SessionJournal } from "../ports/journal.ts";
import type { PlatformStore } from "../ports/platform_store.ts";
import type { SessionScheduleStore } from "../ports/schedule_store.ts";
import type { BindsSessionHost } from "../ports/session_host.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import type {
  RuntimeAgentStore,
  RuntimeHarnessStore,
  RuntimeMessageStore,
  RuntimeProviderStore,
  RuntimeSessionStore,
} from "../ports/stores.ts";
import type { SessionTaskRegistry } from "../ports/task_registry.ts";
import {
  InMemoryAgentStore,
  InMemoryHarnessStore,
  InMemoryProviderStore,
  InMemorySessionStore,
} from "../in_memory/record_stores.ts";
import { InMemoryEventBus } from "../in_memory/event_bus.ts";
import { InMemoryFileStore } from "../in_memory/file_store.ts";
import { InMemoryMessageStore } from "../in_memory/message_store.ts";
import { InMemorySessionStorageStore } from "../in_memory/session_storage_store.ts";
import { InMemoryTurnStore } from "../in_memory/turn_store.ts";

/** What the built-in stores are made of; a store that extends one is the host's and may do anything. */
const BUILT_IN: readonly object[] = [
  InMemoryHarnessStore,
  InMemoryAgentStore,
  InMemorySessionStore,
  InMemoryMessageStore,
  InMemoryTurnStore,
  InMemoryProviderStore,
  InMemoryEventBus,
  InMemorySessionStorageStore,
  InMemoryFileStore,
].map(({ prototype }) => prototype);

/** Whether a store is one of the runtime's own. */
export function isBuiltInStore(store: object): boolean {
  return BUILT_IN.includes(Object.getPrototypeOf(store));
}

/**
 * The stores of a runtime; immutable, so that a bundle can be shared and varied.
 *
 * A second runtime built over the same bundle sees what the first one stored.
 *
 * @example
 * ```ts
 * import { InMemoryFileStore, RuntimeBackends } from "@everruns/runtime";
 *
 * const backends = RuntimeBackends.inMemory().withFileStore(new InMemoryFileStore());
 * ```
 */
export class RuntimeBackends {
  /** The stores. */
  readonly slots: BackendSlots;

  /** Whether all of them are the runtime's own, so that none can call back into a turn. */
  readonly isBuiltIn: boolean;

  /** The slots somebody chose; the others hold what `inMemory()` put there. */
  readonly chosen: ReadonlySet<keyof BackendSlots>;

  /** Bundles stores; all of them count as chosen unless it is said which were. */
  constructor(slots: BackendSlots, chosen: Iterable<keyof BackendSlots> = keysOf(slots)) {
    this.slots = Object.freeze({ ...slots });
    this.isBuiltIn = Object.values(slots).every(isBuiltInStore);
    this.chosen = new Set(chosen);
  }

  /** Every store in memory. */
  static inMemory(): RuntimeBackends {
    return new RuntimeBackends({
      harnessStore: new InMemoryHarnessStore(),
      agentStore: new InMemoryAgentStore(),
      sessionStore: new InMemorySessionStore(),
      messageStore: new InMemoryMessageStore(),
      turnStore: new InMemoryTurnStore(),
      providerStore: new InMemoryProviderStore(),
      eventBus: new InMemoryEventBus(),
      storageStore: new InMemorySessionStorageStore(),
    }, []);
  }

  /** Uses another harness store. */
  withHarnessStore(harnessStore: RuntimeHarnessStore): RuntimeBackends {
    return this.#with({ harnessStore });
  }

  /** Uses another agent store. */
  withAgentStore(agentStore: RuntimeAgentStore): RuntimeBackends {
    return this.#with({ agentStore });
  }

  /** Uses another session store. */
  withSessionStore(sessionStore: RuntimeSessionStore): RuntimeBackends {
    return this.#with({ sessionStore });
  }

  /** Uses another message store. */
  withMessageStore(messageStore: RuntimeMessageStore): RuntimeBackends {
    return this.#with({ messageStore });
  }

  /** Uses another turn store. */
  withTurnStore(turnStore: RuntimeTurnStore): RuntimeBackends {
    return this.#with({ turnStore });
  }

  /** Uses another provider store. */
  withProviderStore(providerStore: RuntimeProviderStore): RuntimeBackends {
    return this.#with({ providerStore });
  }

  /** Uses another event bus. */
  withEventBus(eventBus: EventBus): RuntimeBackends {
    return this.#with({ eventBus });
  }

  /** Uses another session storage. */
  withStorageStore(storageStore: SessionStorageStore): RuntimeBackends {
    return this.#with({ storageStore });
  }

  /** Uses a file store, whatever the platform's factory says. */
  withFileStore(fileStore: RuntimeFileStore): RuntimeBackends {
    return this.#with({ fileStore });
  }

  /** Uses a journal of its own instead of composing one. */
  withJournal(journal: SessionJournal): RuntimeBackends {
    return this.#with({ journal });
  }

  /** Lets tools find the user's connections. */
  withConnectionResolver(connectionResolver: ConnectionResolver): RuntimeBackends {
    return this.#with({ connectionResolver });
  }

  /** Keeps background tasks. */
  withTaskRegistry(taskRegistry: SessionTaskRegistry): RuntimeBackends {
    return this.#with({ taskRegistry });
  }

  /** Keeps schedules. */
  withScheduleStore(scheduleStore: SessionScheduleStore): RuntimeBackends {
    return this.#with({ scheduleStore });
  }

  /** Lets tools reach other sessions. */
  withPlatformStore(platformStore: PlatformStore): RuntimeBackends {
    return this.#with({ platformStore });
  }

  /** Binds something else to the session host, such as a scheduler. */
  withHosted(hosted: BindsSessionHost): RuntimeBackends {
    return this.#with({ hosted });
  }

  /** The default file store, when nobody else brings one. */
  static defaultFileStore(): RuntimeFileStore {
    return new InMemoryFileStore();
  }

  #with(slots: Partial<BackendSlots>): RuntimeBackends {
    return new RuntimeBackends({ ...this.slots, ...slots }, [...this.chosen, ...keysOf(slots)]);
  }
}

function keysOf(slots: Partial<BackendSlots>): (keyof BackendSlots)[] {
  return Object.keys(slots) as (keyof BackendSlots)[];
}
