/** The slots of the backends. */

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

/** The slots of {@linkcode RuntimeBackends}. */
export interface BackendSlots {
  /** Harness definitions. */
  readonly harnessStore: RuntimeHarnessStore;
  /** Agent definitions. */
  readonly agentStore: RuntimeAgentStore;
  /** Sessions. */
  readonly sessionStore: RuntimeSessionStore;
  /** Message history; read and written by the default journal. */
  readonly messageStore: RuntimeMessageStore;
  /** Turn heads and durable events; used by the default journal. */
  readonly turnStore: RuntimeTurnStore;
  /** Models. */
  readonly providerStore: RuntimeProviderStore;
  /** Live delivery of events. */
  readonly eventBus: EventBus;
  /** Key-value and secret storage of sessions. */
  readonly storageStore: SessionStorageStore;
  /** Session files; when absent the platform's factory decides, and in-memory files are the last resort. */
  readonly fileStore?: RuntimeFileStore;
  /** A journal of its own, instead of the one composed of turn store and message store. */
  readonly journal?: SessionJournal;
  /** The user's connections to outside services. */
  readonly connectionResolver?: ConnectionResolver;
  /** Background tasks. */
  readonly taskRegistry?: SessionTaskRegistry;
  /** Schedules. */
  readonly scheduleStore?: SessionScheduleStore;
  /** What tools may do with other sessions. */
  readonly platformStore?: PlatformStore;
  /** Anything else that wants the session host, such as a scheduler. */
  readonly hosted?: BindsSessionHost;
}
