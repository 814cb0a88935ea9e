/** The local backends: everything a runtime keeps, in one data folder. */

import { StoreError } from "../src/errors.ts";
import type { PermissionNeeds } from "../src/records/permissions.ts";
import type { Clock, RandomSource } from "../src/ports/clock.ts";
import type { SessionJournal } from "../src/ports/journal.ts";
import type { BindsSessionHost } from "../src/ports/session_host.ts";
import { systemClock } from "../src/kit/clock.ts";
import { IdSource, systemRandom } from "../src/kit/ids.ts";
import { markPunctual } from "../src/kit/punctual.ts";
import type { BackendSlots } from "../src/runtime/backend_slots.ts";
import { RuntimeBackends } from "../src/runtime/backends.ts";
import { Background, type BackgroundOptions } from "./background.ts";
import { LocalFileStore, type LocalFileStoreOptions } from "./files/file_store.ts";
import { assertGranted } from "./grants.ts";
import { LocalJournal } from "./journal/local_journal.ts";
import { ProjectedJournal } from "./journal/projected_journal.ts";
import { Owners } from "./owners.ts";
import { LocalPlatformStore } from "./platform/platform_store.ts";
import type { LocalProfile } from "./profile.ts";
import { LocalAgentStore } from "./records/agent_store.ts";
import { LocalHarnessStore } from "./records/harness_store.ts";
import { LocalSessionStorageStore } from "./records/session_storage_store.ts";
import { LocalSessionStore } from "./records/session_store.ts";
import type { SettleMonitor } from "./schedules/monitor.ts";
import { LocalScheduleStore, type ScheduleLimits } from "./schedules/schedule_store.ts";
import type { Connection } from "./sqlite/connection.ts";
import type { Durability } from "./sqlite/open_database.ts";
import { openStore } from "./sqlite/prepare_store.ts";
import { LocalSessionTaskRegistry } from "./tasks/registry.ts";
import { applyUpdateIn } from "./tasks/task_changes.ts";
import { TaskWakes } from "./tasks/wakes.ts";
import { SessionDelivery } from "./wakes/session_delivery.ts";
import { WakeRoutes } from "./wakes/wake_routes.ts";

/** Options of {@linkcode LocalBackends.open}. */
export interface LocalBackendsOptions {
  /**
   * What a commit survives: a power loss (`synchronous=FULL`), or only the end of the process (`NORMAL`), which is
   * several times faster.
   *
   * @default {"power-loss"}
   */
  readonly durability?: Durability;
  /**
   * Encrypts the secrets of sessions (AES-256-GCM): 32 bytes, or a key for `encrypt` and `decrypt`.
   *
   * @default none: secrets are refused
   */
  readonly secretKey?: CryptoKey | Uint8Array<ArrayBuffer>;
  /** Caps of the files of sessions. @default 10 MiB a file; 100 MiB and 10,000 files a workspace */
  readonly fileLimits?: Pick<LocalFileStoreOptions, "maxFileBytes" | "maxWorkspaceBytes" | "maxFiles">;
  /** How many schedules tools may make. @default 5 a session and 100 in all, fires at least 300 s apart */
  readonly scheduleLimits?: ScheduleLimits;
  /** Time. @default the host's clock */
  readonly clock?: Clock;
  /** Randomness of ids. @default the platform's */
  readonly random?: RandomSource;
}

/**
 * Everything a runtime keeps, in one data folder.
 *
 * Sessions, harnesses, agents, the conversation, session files, key-value and secret storage, tasks and schedules live
 * in `<dataDir>/local.db`. Whatever the given backends chose is used instead: the local stores are only added. A
 * message store among it is filled after each commit and history is read from it; with a journal or turn store of the
 * host the conversation is the host's affair. Models stay in memory, since their keys are secrets.
 *
 * Needs `--allow-read` and `--allow-write` for the data folder and nothing else. Dispose it after the runtimes that
 * were built over it.
 *
 * @example
 * ```ts ignore
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { LocalBackends, LocalProfile } from "@everruns/runtime/local";
 *
 * await using local = await LocalBackends.open(new LocalProfile("/home/me/agent-data"));
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .backends(local.runtimeBackends)
 *   .llmSim(LlmSimConfig.fixed("hello"))
 *   .singleSession((s) => s.harness("assistant"))
 *   .build();
 * ```
 */
export class LocalBackends implements AsyncDisposable {
  /** Where the data is. */
  readonly profile: LocalProfile;
  /** The stores for a runtime. */
  readonly runtimeBackends: RuntimeBackends;
  /** Files of sessions in the store, also where the sessions' workspace is another. */
  readonly sessionFiles: LocalFileStore;
  /** Background tasks. */
  readonly taskRegistry: LocalSessionTaskRegistry;
  /** Schedules. */
  readonly scheduleStore: LocalScheduleStore;
  /** Other sessions, for tools. */
  readonly platformStore: LocalPlatformStore;
  /** Routes of hosts that run their sessions' turns themselves. */
  readonly wakeRoutes: WakeRoutes;
  /** Delivers the wakes of tasks. */
  readonly wakes: TaskWakes;
  readonly #connection: Connection;
  readonly #owners: Owners;
  readonly #delivery: SessionDelivery;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #settleMonitor: SettleMonitor;
  readonly #background = new Set<Background>();
  #closing: Promise<void> | undefined;

  private constructor(
    profile: LocalProfile,
    backends: RuntimeBackends,
    connection: Connection,
    options: LocalBackendsOptions,
  ) {
    const clock = options.clock ?? systemClock();
    const ids = new IdSource(clock, options.random ?? systemRandom());
    const owners = new Owners(profile.ownersPath);
    const journal = markPunctual(new LocalJournal({ connection, owners, clock, ids }));
    this.profile = profile;
    this.#connection = connection;
    this.#owners = owners;
    this.#clock = clock;
    this.#ids = ids;
    this.wakeRoutes = new WakeRoutes();
    this.#delivery = new SessionDelivery({
      routes: this.wakeRoutes,
      canTake: (sessionId) => journal.canTake(sessionId),
    });
    this.wakes = new TaskWakes({ connection, delivery: this.#delivery, clock });
    this.taskRegistry = new LocalSessionTaskRegistry({
      connection,
      owners,
      workerId: `worker_${crypto.randomUUID()}`,
      clock,
      ids,
      onWake: () => this.wakes.kick(),
    });
    this.#settleMonitor = monitorSettler(connection, clock, this.taskRegistry);
    this.scheduleStore = new LocalScheduleStore({
      connection,
      orgId: profile.orgPublicId,
      ownerPrincipalId: profile.ownerPrincipalId,
      clock,
      ids,
      settleMonitor: this.#settleMonitor,
      ...(options.scheduleLimits === undefined ? {} : { limits: options.scheduleLimits }),
    });
    this.sessionFiles = new LocalFileStore(connection, { ...options.fileLimits, clock });
    const sessionStore = markPunctual(
      new LocalSessionStore(connection, { clock }),
    );
    const given = backends.slots;
    const chosen = backends.chosen;
    const usedJournal = journalFor(backends, journal);
    this.platformStore = new LocalPlatformStore({
      sessionStore: chosen.has("sessionStore") ? given.sessionStore : sessionStore,
      journal: usedJournal ?? journal,
      baseUrl: profile.baseUrl,
      clock,
    });
    const local: Partial<BackendSlots> = {
      harnessStore: markPunctual(new LocalHarnessStore(connection)),
      agentStore: markPunctual(new LocalAgentStore(connection)),
      sessionStore,
      ...(usedJournal === undefined ? {} : { journal: usedJournal }),
      storageStore: new LocalSessionStorageStore(
        connection,
        options.secretKey === undefined ? {} : { secretKey: options.secretKey },
      ),
      fileStore: this.sessionFiles,
      taskRegistry: this.taskRegistry,
      scheduleStore: this.scheduleStore,
      platformStore: this.platformStore,
    };
    const own = Object.fromEntries(Object.entries(given).filter(([slot]) => chosen.has(slot as keyof BackendSlots)));
    const hosted: BindsSessionHost & { readonly permissions: PermissionNeeds } = {
      permissions: this.permissions,
      bind: (host) => {
        this.#delivery.bind(host);
        given.hosted?.bind(host);
      },
    };
    // The file store counts as a default, so that a platform's file-system factory still wins over it.
    const taken = (Object.keys(local) as (keyof BackendSlots)[]).filter((slot) => slot !== "fileStore");
    this.runtimeBackends = new RuntimeBackends({ ...given, ...local, ...own, hosted }, [...chosen, ...taken, "hosted"]);
  }

  /**
   * Opens a data folder, made when it is not there.
   *
   * @param backends what the host brings itself; it is kept as it is
   * @throws {PermissionMissingError} when a grant is missing, before anything is opened
   * @throws {StoreTooNewError} when a newer version wrote the store
   * @throws {CorruptStoreError} when the store is damaged
   * @throws {UnsafeStoreError} when the store's file or the folder of its owners is a link, another user's, or others may
   * reach it
   * @throws {ReadOnlyStorageError} when the folder cannot be written
   * @throws {StorageFullError} when the disk is full
   * @throws {StoreBusyError} when other processes kept the store locked for 5 s
   */
  static async open(
    profile: LocalProfile,
    backends: RuntimeBackends = RuntimeBackends.inMemory(),
    options: LocalBackendsOptions = {},
  ): Promise<LocalBackends> {
    await assertGranted("data folder", [profile.dataDir]);
    const connection = await openStore(profile.databasePath, {
      ...(options.durability === undefined ? {} : { durability: options.durability }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    try {
      const local = new LocalBackends(profile, backends, connection, options);
      local.#owners.sweep();
      return local;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** The Deno permissions of the backends. */
  get permissions(): PermissionNeeds {
    return { read: [this.profile.dataDir], write: [this.profile.dataDir] };
  }

  /**
   * Starts what runs beside turns: schedules fire, wakes that were left go out, tasks of dead processes are settled.
   *
   * It keeps the program alive; end it with the handle, or with the backends.
   *
   * @throws {StoreError} when the backends are closed
   */
  startBackground(options: BackgroundOptions = {}): Background {
    // Otherwise it would look at a closed store for ever.
    if (this.#closing !== undefined) throw new StoreError("start background work", new Error("the store is closed"));
    const background = new Background({
      connection: this.#connection,
      owners: this.#owners,
      delivery: this.#delivery,
      taskRegistry: this.taskRegistry,
      wakes: this.wakes,
      clock: this.#clock,
      orgId: this.profile.orgPublicId,
      settleMonitor: this.#settleMonitor,
    }, options);
    this.#background.add(background);
    return background;
  }

  /** Moves what the write-ahead log holds into `local.db`; SQLite does so by itself now and then. */
  checkpoint(): void {
    this.#connection.checkpoint();
  }

  /** Ends background work, closes the store and gives back every lock. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** See {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Stops everything `startBackground()` started, at once. */
  async stopBackground(): Promise<void> {
    const running = [...this.#background];
    this.#background.clear();
    await Promise.all(running.map((background) => background.abort()));
  }

  async #close(): Promise<void> {
    // In this order, and each whatever became of the one before: the last to go are the locks that say we live.
    await using ends = new AsyncDisposableStack();
    ends.use(this.#owners);
    ends.use(this.#connection);
    ends.use(this.taskRegistry);
    ends.use(this.wakes);
    await this.stopBackground();
  }
}

/** The journal for the runtime; none when the host keeps the conversation itself. */
function journalFor({ slots, chosen }: RuntimeBackends, journal: LocalJournal): SessionJournal | undefined {
  if (chosen.has("journal")) return slots.journal;
  if (chosen.has("turnStore")) return undefined;
  return chosen.has("messageStore") ? new ProjectedJournal(journal, slots.messageStore) : journal;
}

/** Settles the monitor task of a schedule inside the transaction that ends the schedule. */
function monitorSettler(connection: Connection, clock: Clock, registry: LocalSessionTaskRegistry): SettleMonitor {
  return (sessionId, taskId, state, detail) => {
    const change = applyUpdateIn(connection, sessionId, taskId, { state, stateDetail: detail }, clock.now());
    if (change?.changed === true) registry.announceUpdateIn(change.task);
  };
}
