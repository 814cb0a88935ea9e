/** The builder of a runtime over local backends that are its own. */

import type { Clock, RandomSource } from "../src/ports/clock.ts";
import type { RuntimeFileStore } from "../src/ports/file_store.ts";
import { RuntimeBackends } from "../src/runtime/backends.ts";
import { InProcessRuntimeBuilder } from "../src/runtime/builder.ts";
import { InProcessRuntime } from "../src/runtime/in_process_runtime.ts";
import type { RuntimeParts } from "../src/runtime/runtime_parts.ts";
import { LocalBackends, type LocalBackendsOptions } from "./backends.ts";
import { assertAllGranted } from "./grants.ts";
import type { LocalProfile } from "./profile.ts";
import { OwnFilesStore } from "./workspace/own_files_store.ts";
import { RealDiskFileStore } from "./workspace/real_disk_file_store.ts";

/** Options of {@linkcode LocalRuntimeBuilder}. */
export type LocalRuntimeOptions = Pick<
  LocalBackendsOptions,
  "durability" | "secretKey" | "fileLimits" | "scheduleLimits"
>;

/** Changes the file store of a workspace: a write blocklist, an approval gate, or one of the host's. */
export type WorkspaceDecorator = (store: RuntimeFileStore) => RuntimeFileStore;

/** A runtime that owns its local backends: closing it closes them. */
export class LocalRuntime extends InProcessRuntime {
  /** The backends. */
  readonly local: LocalBackends;
  #ended: Promise<void> | undefined;

  /** Wires the parts together; see {@linkcode LocalRuntimeBuilder.build}. */
  constructor(parts: RuntimeParts, local: LocalBackends) {
    super(parts);
    this.local = local;
  }

  /** Ends background work, cancels running turns, waits for their closing commits, and closes the store. */
  override close(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    try {
      await this.local.stopBackground();
      await super.close();
    } finally {
      await this.local.close();
    }
  }
}

/**
 * Puts a runtime together whose data lives in one folder.
 *
 * The same as `LocalBackends.open()` and an `InProcessRuntimeBuilder` over it, except that the runtime owns the
 * backends. What is given to `backends()` is kept; the local stores are only added.
 *
 * @example
 * ```ts ignore
 * import { LlmSimConfig } from "@everruns/runtime";
 * import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
 *
 * await using runtime = await new LocalRuntimeBuilder(new LocalProfile("/home/me/agent-data"))
 *   .llmSim(LlmSimConfig.echo())
 *   .singleSession((s) => s.harness("assistant").sessionId("session_00000000000000000000000000000001"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "hi");
 * ```
 */
export class LocalRuntimeBuilder extends InProcessRuntimeBuilder {
  readonly #profile: LocalProfile;
  readonly #options: LocalRuntimeOptions;
  #given: RuntimeBackends = RuntimeBackends.inMemory();
  #workspace: WorkspaceDecorator | undefined;
  #clock: Clock | undefined;
  #random: RandomSource | undefined;
  #local: LocalBackends | undefined;

  /** Starts with the built-in capabilities and no driver, over the data folder of the profile. */
  constructor(profile: LocalProfile, options: LocalRuntimeOptions = {}) {
    super();
    this.#profile = profile;
    this.#options = options;
  }

  /** Stores of the host, which are used instead of the local ones. */
  override backends(backends: RuntimeBackends): this {
    this.#given = backends;
    return this;
  }

  /** Replaces time, for repeatable runs. */
  override clock(clock: Clock): this {
    this.#clock = clock;
    return super.clock(clock);
  }

  /** Replaces randomness, for repeatable ids. */
  override random(random: RandomSource): this {
    this.#random = random;
    return super.random(random);
  }

  /**
   * Lets sessions work on the profile's `workspaceRoot`, on the real disk; all of them share it.
   *
   * Without it their files are kept in the store, and no path of the host exists for them. The data folder is no part
   * of it, wherever it lies; what the runtime writes by itself (see {@linkcode OwnFilesStore}) stays in the store. Needs `--allow-read` and `--allow-write` for the folder, which is made when it is not there.
   *
   * @param decorate wraps the file store, such as `(files) => new WriteBlocklistFileStore(files)`
   */
  realDiskWorkspace(decorate: WorkspaceDecorator = (store) => store): this {
    this.#workspace = decorate;
    return this;
  }

  /**
   * Opens the data folder and makes the runtime.
   *
   * @throws {PermissionMissingError} when a grant is missing, before anything is opened
   * @throws {ConfigurationError} when no default model is set, a registration is duplicate, a session's harness is
   * missing, or the workspace root is no folder or the data folder itself
   */
  override async build(): Promise<LocalRuntime> {
    const profile = this.#profile;
    const folders = [{ what: "data folder", path: profile.dataDir }];
    if (this.#workspace !== undefined) folders.push({ what: "workspace root", path: profile.workspaceRoot });
    await assertAllGranted(folders);
    const workspace = this.#workspace?.(await openWorkspace(profile, this.#clock));
    const local = await LocalBackends.open(profile, this.#given, {
      ...this.#options,
      ...(this.#clock === undefined ? {} : { clock: this.#clock }),
      ...(this.#random === undefined ? {} : { random: this.#random }),
    });
    this.#local = local;
    try {
      const { runtimeBackends, sessionFiles } = local;
      super.backends(
        workspace === undefined
          ? runtimeBackends
          : runtimeBackends.withFileStore(new OwnFilesStore(workspace, sessionFiles)),
      );
      const runtime = await super.build();
      if (runtime instanceof LocalRuntime) return runtime;
      throw new TypeError("Cannot build a local runtime: make() returned another one");
    } catch (error) {
      await local.close();
      throw error;
    } finally {
      this.#local = undefined;
    }
  }

  /** See `InProcessRuntimeBuilder.make`. */
  protected override make(parts: RuntimeParts): InProcessRuntime {
    return this.#local === undefined ? super.make(parts) : new LocalRuntime(parts, this.#local);
  }
}

/** Opens the real-disk workspace of a profile; both folders are made when they are not there. */
async function openWorkspace({ dataDir, workspaceRoot }: LocalProfile, clock?: Clock): Promise<RuntimeFileStore> {
  // First, and for its owner alone: the workspace may lie in it. It is hidden as what it is, so it must be there.
  makeFolder(dataDir, 0o700);
  makeFolder(workspaceRoot, 0o777);
  return await RealDiskFileStore.open(workspaceRoot, { hidden: [dataDir], ...(clock === undefined ? {} : { clock }) });
}

/** Makes a folder; one that cannot be made is refused by whoever opens it. */
function makeFolder(path: string, mode: number): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}
