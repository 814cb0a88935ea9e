/** The builder: puts a runtime together. */

import { ConfigurationError } from "../errors.ts";
import type { Agent, Harness } from "../records/harness.ts";
import type { ModelId, SessionId } from "../records/ids.ts";
import { DEFAULT_ORG_ID, parseId } from "../records/ids.ts";
import { DriverId, type ResolvedModel } from "../records/model.ts";
import type { Session } from "../records/session.ts";
import type { Capability, LazyCapability } from "../ports/capability.ts";
import type { Clock, RandomSource } from "../ports/clock.ts";
import type { RuntimeFileStore } from "../ports/file_store.ts";
import type { ToolSourceConnector } from "../ports/tool_source.ts";
import { CapabilityRegistry, DriverRegistry } from "../kit/registries.ts";
import { systemClock } from "../kit/clock.ts";
import { createAgent, createHarness, createSession } from "../kit/create_records.ts";
import type { AgentInput, HarnessInput, SessionInput } from "../kit/create_records.ts";
import { IdSource, systemRandom } from "../kit/ids.ts";
import { runtimeSafeCapabilities } from "../capabilities/default_registry.ts";
import type { RuntimeSafeCapabilitiesOptions } from "../capabilities/default_registry_options.ts";
import type { LlmSimConfig } from "../drivers/llmsim/config.ts";
import { SharedFolds } from "../context/config_cache.ts";
import { mayHaveFiles, readLayers } from "../context/layers.ts";
import { llmSimDriver } from "../drivers/llmsim/driver.ts";
import type { ChainLink, TurnChain } from "../turn/kernel_ports.ts";
import type { ProviderRetryConfig, TurnLimits } from "../turn/limits.ts";
import { RuntimeBackends } from "./backends.ts";
import type { BackendSlots } from "./backend_slots.ts";
import { checkLimits, checkRetry, DEFAULT_LIMITS, DEFAULT_RETRY } from "./default_limits.ts";
import { KnownSecrets } from "./driver_pool.ts";
import { InProcessRuntime } from "./in_process_runtime.ts";
import type { PlatformDefinition } from "./platform.ts";
import type { RuntimeParts } from "./runtime_parts.ts";
import type { SeedFile } from "./seed.ts";
import { SingleSessionBuilder } from "./single_session.ts";

/** The chain of a runtime in whose turns nothing but our own code runs: nobody can call back. */
const NO_TURN_CHAIN: TurnChain = Object.freeze({
  current: () => undefined,
  run: <T>(_link: ChainLink | undefined, call: () => T): T => call(),
});

/**
 * Puts a runtime together; every method returns the builder, `build()` makes the runtime.
 *
 * Starts with the built-in capabilities, no driver, and in-memory stores.
 *
 * @example A first turn, offline
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("hello"))
 *   .singleSession((s) => s.harness("assistant", "You are helpful."))
 *   .build();
 * const turn = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
 * assert.equal(turn.response, "hello");
 * ```
 */
export class InProcessRuntimeBuilder {
  #platform: PlatformDefinition | undefined;
  #builtIn: RuntimeSafeCapabilitiesOptions | undefined;
  #drivers: DriverRegistry | undefined;
  #backends: RuntimeBackends | undefined;
  #llmSim: LlmSimConfig | undefined;
  #isStrict = false;
  #defaultModel: ResolvedModel | undefined;
  #clock: Clock | undefined;
  #random: RandomSource | undefined;
  #retry: ProviderRetryConfig = DEFAULT_RETRY;
  #limits: TurnLimits = DEFAULT_LIMITS;
  #single: SingleSessionBuilder | undefined;
  readonly #capabilities: (Capability | LazyCapability)[] = [];
  readonly #models: { readonly id: ModelId; readonly model: ResolvedModel }[] = [];
  readonly #harnesses: HarnessInput[] = [];
  readonly #agents: AgentInput[] = [];
  readonly #sessions: SessionInput[] = [];
  readonly #files: SeedFile[] = [];
  readonly #connectors: ToolSourceConnector[] = [];
  readonly #extensions = new Map<string, unknown>();

  /** Replaces capabilities, drivers and the file system; the built-in capabilities are then gone. */
  platformDefinition(platform: PlatformDefinition): this {
    this.#platform = platform;
    return this;
  }

  /**
   * Gives the built-in capabilities parts of the host, such as `{ memory: { store } }`.
   *
   * A platform definition replaces them: beside one `build()` refuses it.
   */
  builtInCapabilities(options: RuntimeSafeCapabilitiesOptions): this {
    this.#builtIn = options;
    return this;
  }

  /** Registers one more capability. */
  capability(capability: Capability | LazyCapability): this {
    this.#capabilities.push(capability);
    return this;
  }

  /** Replaces the drivers, also those of the platform definition. */
  driverRegistry(drivers: DriverRegistry): this {
    this.#drivers = drivers;
    return this;
  }

  /** Registers the simulated driver; also the default model `llmsim-model`, unless one is set. */
  llmSim(config: LlmSimConfig): this {
    this.#llmSim = config;
    return this;
  }

  /** Sets the model that is used when no layer names one. */
  defaultModel(model: ResolvedModel): this {
    this.#defaultModel = checkedModel(model);
    return this;
  }

  /** Registers a model under an id, for layers and messages to name. */
  model(id: ModelId, model: ResolvedModel): this {
    this.#models.push({ id: parseId("model", id), model: checkedModel(model) });
    return this;
  }

  /** Sets the stores. */
  backends(backends: RuntimeBackends): this {
    this.#backends = backends;
    return this;
  }

  /** Hands something to the platform's file-system factory. */
  sessionFileSystemFactoryContext(key: string, value: unknown): this {
    this.#extensions.set(key, value);
    return this;
  }

  /**
   * Makes `build()` refuse what a turn would only warn of: a capability that is not registered, or settings that are
   * wrong, in the harnesses, agents and sessions given here. It imports their capabilities for that.
   */
  strict(): this {
    this.#isStrict = true;
    return this;
  }

  /** Connects configured MCP servers of one kind; without it they are skipped with a warning. */
  toolSource(connector: ToolSourceConnector): this {
    this.#connectors.push(connector);
    return this;
  }

  /** Changes how failed model calls are tried again; a number that makes no sense is a `RangeError`. */
  providerRetryConfig(config: Partial<ProviderRetryConfig>): this {
    checkRetry(config);
    this.#retry = { ...this.#retry, ...config };
    return this;
  }

  /** Changes how long a model stream may be silent, in milliseconds. */
  providerStallTimeout(milliseconds: number): this {
    return this.limits({ providerStallMs: milliseconds });
  }

  /** Changes deadlines and caps. */
  limits(limits: Partial<TurnLimits>): this {
    checkLimits(limits);
    this.#limits = { ...this.#limits, ...limits };
    return this;
  }

  /** Replaces time, for repeatable runs. */
  clock(clock: Clock): this {
    this.#clock = clock;
    return this;
  }

  /** Replaces randomness, for repeatable ids and waits. */
  random(random: RandomSource): this {
    this.#random = random;
    return this;
  }

  /** Stores a harness at `build()`. */
  harness(harness: HarnessInput): this {
    this.#harnesses.push(harness);
    return this;
  }

  /** Stores an agent at `build()`. */
  agent(agent: AgentInput): this {
    this.#agents.push(agent);
    return this;
  }

  /** Stores a session at `build()`. */
  session(session: SessionInput): this {
    this.#sessions.push(session);
    return this;
  }

  /** Describes the one session of a small program; it becomes `runtime.defaultSessionId`. */
  singleSession(describe: (session: SingleSessionBuilder) => SingleSessionBuilder | void): this {
    const single = new SingleSessionBuilder();
    this.#single = describe(single) ?? single;
    return this;
  }

  /** Writes a text file into a session's workspace at `build()`, after the initial files. */
  seedTextFile(sessionId: SessionId, path: string, content: string): this {
    this.#files.push({ sessionId: parseId("session", sessionId), path, content });
    return this;
  }

  /**
   * Makes the runtime: registers, stores and seeds what was said.
   *
   * @throws {ConfigurationError} when no default model is set, a registration is duplicate, a session's harness is
   * missing, or {@linkcode strict} finds something wrong
   */
  async build(): Promise<InProcessRuntime> {
    const clock = this.#clock ?? systemClock();
    const random = this.#random ?? systemRandom();
    const ids = new IdSource(clock, random);
    const drivers = (this.#drivers ?? this.#platform?.drivers ?? new DriverRegistry()).clone();
    if (this.#llmSim !== undefined) drivers.register(llmSimDriver(this.#llmSim, { clock }));
    const backends = this.#backends ?? RuntimeBackends.inMemory();
    const slots = await this.#guardStores(backends, clock);
    const capabilities = this.#buildCapabilities(clock, {
      sessions: slots.sessionStore,
      announce: (...told) => runtime.announce(...told),
    });
    const providers = slots.providerStore;
    const model = this.#defaultModel ??
      (this.#llmSim === undefined ? undefined : { model: "llmsim-model", providerType: DriverId.LlmSim });
    if (model !== undefined) await providers.setDefaultModel(model);
    else if (await providers.getDefaultModel() === undefined) {
      throw new ConfigurationError("Cannot build a runtime: no default model is set; call defaultModel() or llmSim()");
    }
    for (const entry of this.#models) await providers.addModel(entry.id, entry.model);
    // Hooks run before the first driver is made, and may know its key.
    const secrets = new KnownSecrets();
    for (const { apiKey } of [...model === undefined ? [] : [model], ...this.#models.map((entry) => entry.model)]) {
      await secrets.learnKey(apiKey);
    }
    const fileStore = await this.#buildFileStore(backends);
    const single = this.#single?.records({ ids, now: clock.now() });
    const options = { ids, now: clock.now() };
    const harnesses: Harness[] = this.#harnesses.map((input) => createHarness(input, options));
    const agents: Agent[] = this.#agents.map((input) => createAgent(input, options));
    const sessions: Session[] = this.#sessions.map((input) => createSession(input, options));
    if (single !== undefined) {
      harnesses.push(single.harness);
      if (single.agent !== undefined) agents.push(single.agent);
      sessions.push(single.session);
    }
    const given = [...harnesses, ...agents, ...sessions].map(({ id }) => id);
    const twice = new Set(given).size < given.length && given.find((id, place) => given.indexOf(id) < place);
    if (twice) throw new ConfigurationError(`Cannot build a runtime: two of its records have the id "${twice}"`);
    if (this.#isStrict) await (await import("./strict.ts")).assertKnown({ harnesses, agents, sessions }, capabilities);
    const folds = new SharedFolds();
    for (const harness of harnesses) await slots.harnessStore.addHarness(harness);
    for (const agent of agents) await slots.agentStore.addAgent(agent);
    for (const session of sessions) await this.#seedSession(session, slots, fileStore, capabilities, folds);
    if (this.#files.length > 0) {
      await (await import("./seed.ts")).writeSeedFiles(this.#files, slots.sessionStore, fileStore);
    }
    const runtime: InProcessRuntime = this.make({
      slots,
      folds,
      fileStore,
      capabilities,
      drivers,
      secrets,
      connectors: this.#connectors,
      clock,
      random,
      ids,
      retry: this.#retry,
      limits: this.#limits,
      chain: this.#hostCodeInTurns(drivers, backends)
        ? await (await import("./turn_chain.ts")).loadTurnChain()
        : NO_TURN_CHAIN,
      defaultSessionId: single?.session.id,
      seeded: {
        sessions: sessions.map(({ id }) => id),
        harnesses: harnesses.map(({ id }) => id),
        agents: agents.map(({ id }) => id),
        models: this.#models.map((entry) => entry.model),
      },
    });
    if (slots.taskRegistry !== undefined) {
      (await import("./task_executors.ts")).registerExecutors(slots.taskRegistry, slots, runtime, capabilities);
    }
    for (const slot of new Set<object>([...Object.values(backends.slots), fileStore])) {
      if ("bind" in slot && typeof slot.bind === "function") slot.bind(runtime);
    }
    return runtime;
  }

  /** Makes the runtime of the parts; a builder of a special runtime overrides it. */
  protected make(parts: RuntimeParts): InProcessRuntime {
    return new InProcessRuntime(parts);
  }

  async #seedSession(
    session: Session,
    slots: BackendSlots,
    fileStore: RuntimeFileStore,
    capabilities: CapabilityRegistry,
    folds: SharedFolds,
  ): Promise<void> {
    const sources = { harnesses: slots.harnessStore, agents: slots.agentStore, sessions: slots.sessionStore };
    const layers = await readLayers(session, sources).catch((cause: unknown) => {
      throw new ConfigurationError(`Cannot seed session "${session.id}": its harness or agent is not stored`, {
        cause,
      });
    });
    await slots.sessionStore.addSession(session);
    if (mayHaveFiles(layers)) await (await import("./seed.ts")).seedFiles(layers, fileStore, capabilities, folds);
  }

  /** The host's stores behind guards; our own need none. */
  async #guardStores({ slots, isBuiltIn }: RuntimeBackends, clock: Clock): Promise<BackendSlots> {
    if (isBuiltIn) return slots;
    const { guardStores } = await import("./guarded_stores.ts");
    return guardStores(slots, { clock, milliseconds: this.#limits.storeMs });
  }

  /** Whether anything but our own code can run inside a turn, and so call back. */
  #hostCodeInTurns(drivers: DriverRegistry, backends: RuntimeBackends): boolean {
    return this.#capabilities.length > 0 || this.#builtIn !== undefined ||
      (this.#platform?.capabilities.ids().length ?? 0) > 0 ||
      drivers.ids().length > (this.#llmSim === undefined ? 0 : 1) || this.#connectors.length > 0 ||
      !backends.isBuiltIn ||
      this.#platform?.sessionFileSystemFactory !== undefined;
  }

  #buildCapabilities(clock: Clock, own: RuntimeSafeCapabilitiesOptions): CapabilityRegistry {
    const registry = this.#platform === undefined ? new CapabilityRegistry() : this.#platform.capabilities.clone();
    if (this.#platform === undefined) {
      const options = { now: () => clock.now(), clock, ...own, ...this.#builtIn };
      for (const lazy of runtimeSafeCapabilities(options)) registry.register(lazy);
    } else if (this.#builtIn !== undefined) {
      throw new ConfigurationError(
        "Cannot build: builtInCapabilities() says something of capabilities that " +
          "platformDefinition() replaces; pass the options to the runtimeSafeCapabilities() you register",
      );
    }
    for (const capability of this.#capabilities) registry.register(capability);
    return registry;
  }

  async #buildFileStore(backends: RuntimeBackends): Promise<RuntimeFileStore> {
    const factory = this.#platform?.sessionFileSystemFactory;
    const { fileStore } = backends.slots;
    if (fileStore !== undefined && (factory === undefined || backends.chosen.has("fileStore"))) return fileStore;
    if (factory === undefined) return RuntimeBackends.defaultFileStore();
    return await factory.create({ organizationId: DEFAULT_ORG_ID, extensions: this.#extensions });
  }
}

function checkedModel(model: ResolvedModel): ResolvedModel {
  if (typeof model?.model !== "string" || model.model === "" || typeof model.providerType !== "string") {
    throw new TypeError("Cannot use the model: expected { model, providerType } with non-empty strings");
  }
  return model;
}
