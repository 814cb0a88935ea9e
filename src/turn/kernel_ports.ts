/** What the kernel is given: every outside thing it touches. */

import type { SessionId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { ResolvedModel } from "../records/model.ts";
import type { ModelProfile } from "../records/model.ts";
import type { Secret } from "../records/secret.ts";
import type { CapabilityContext } from "../ports/capability.ts";
import type { Clock, RandomSource } from "../ports/clock.ts";
import type { ConnectionResolver } from "../ports/connection_resolver.ts";
import type { Driver } from "../ports/driver.ts";
import type { OwnerId, SessionJournal } from "../ports/journal.ts";
import type { PlatformStore } from "../ports/platform_store.ts";
import type { SessionScheduleStore } from "../ports/schedule_store.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import type { SessionTaskRegistry } from "../ports/task_registry.ts";
import type { IdSource } from "../kit/ids.ts";
import type { SharedFolds } from "../context/config_cache.ts";
import type { SessionConfig } from "../context/session_config.ts";
import type { ContextSources } from "../context/turn_context.ts";
import type { ProviderRetryConfig, TurnLimits } from "./limits.ts";
import type { LiveEvents } from "./live_events.ts";

/** A turn a call is made from, and the turns that one was started from. */
export interface ChainLink {
  /** The session. */
  readonly sessionId: SessionId;
  /** The turn it was started from. */
  readonly parent: ChainLink | undefined;
  /** Whether the turn still runs. */
  active: boolean;
}

/** Carries the chain of running turns through asynchronous calls. */
export interface TurnChain {
  /** The innermost turn the current call is made from. */
  current(): ChainLink | undefined;
  /** Calls a function as part of a turn, or of none. */
  run<T>(link: ChainLink | undefined, call: () => T): T;
}

/** Takes the secrets of a runtime out of what leaves a turn. */
export interface SecretFilter {
  /** The words of a failure without any of them. */
  redact(text: string): string;
  /** A result without the keys of models; the same value when it has none. */
  redactResult<T extends JsonValue>(value: T): T;
  /** How many characters at the end of a text may be the beginning of a model's key. */
  beginning(text: string): number;
  /** Remembers a secret a tool is given; until it resolves the tool must not have it. */
  learn(secret: Secret): Promise<void>;
}

/** What a host may let tools use. */
export interface ToolServices {
  /** Key-value and secret storage of sessions. */
  readonly storageStore?: SessionStorageStore;
  /** The user's connections to outside services. */
  readonly connectionResolver?: ConnectionResolver;
  /** Background tasks. */
  readonly taskRegistry?: SessionTaskRegistry;
  /** Schedules. */
  readonly scheduleStore?: SessionScheduleStore;
  /** Other sessions. */
  readonly platformStore?: PlatformStore;
}

/** What the hooks for the end of a session are told. */
export type SessionEnd = Omit<CapabilityContext, "config" | "files" | "turn"> & { readonly config: SessionConfig };

/** Everything a turn runs on. */
export interface KernelPorts {
  /** The one write path. */
  readonly journal: SessionJournal;
  /** This runtime's name in leases. */
  readonly owner: OwnerId;
  /** Live delivery. */
  readonly live: LiveEvents;
  /** Mints ids. */
  readonly ids: IdSource;
  /** Time. */
  readonly clock: Clock;
  /** Randomness, for the jitter of waits. */
  readonly random: RandomSource;
  /** Where contexts come from. */
  readonly sources: ContextSources;
  /**
   * The driver of a model, made once.
   *
   * @throws {ProviderError} `driver_not_registered` or `provider_misconfigured`
   */
  driver(model: ResolvedModel): Driver | Promise<Driver>;
  /** What is known about a model. */
  profile(model: ResolvedModel): ModelProfile | undefined | Promise<ModelProfile | undefined>;
  /** What tools may use. */
  readonly services: ToolServices;
  /** Knows which texts are secret. */
  readonly secrets: SecretFilter;
  /** Deadlines and caps. */
  readonly limits: TurnLimits;
  /** Retries of model calls. */
  readonly retry: ProviderRetryConfig;
  /** Folds that sessions share. */
  readonly folds: SharedFolds;
  /** Knows which turns a call is made from. */
  readonly chain: TurnChain;
  /** What closing runs for sessions whose capabilities want to see their end. */
  readonly ends: Map<SessionId, SessionEnd>;
}
