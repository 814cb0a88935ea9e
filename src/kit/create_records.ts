/** Complete records from the parts a host cares about. */

import type { CapabilityRef, CapabilityRefInput } from "../records/capability_ref.ts";
import type { Agent, Harness } from "../records/harness.ts";
import { DEFAULT_ORG_ID, type HarnessId, parseId } from "../records/ids.ts";
import type { JsonObject } from "../records/json.ts";
import type { Session } from "../records/session.ts";
import { systemClock } from "./clock.ts";
import { IdSource, systemRandom } from "./ids.ts";

/** A harness of which only the name must be given. */
export type HarnessInput = Partial<Omit<Harness, "capabilities">> & Pick<Harness, "name"> & {
  /** Capabilities it switches on, by id or with a configuration. @default none */
  readonly capabilities?: readonly CapabilityRefInput[];
};

/** An agent of which only the name must be given. */
export type AgentInput = Partial<Omit<Agent, "capabilities">> & Pick<Agent, "name"> & {
  /** Capabilities it switches on, by id or with a configuration. @default none */
  readonly capabilities?: readonly CapabilityRefInput[];
};

/** A session of which only the harness must be given. */
export type SessionInput = Partial<Omit<Session, "capabilities">> & {
  /** Its harness. */
  readonly harnessId: HarnessId;
  /** Capabilities it switches on, by id or with a configuration. @default none */
  readonly capabilities?: readonly CapabilityRefInput[];
};

/** Where missing ids and times come from. */
export interface CreateOptions {
  /** Mints ids. @default a source on the system's clock and randomness */
  readonly ids?: IdSource;
  /** The instant of creation; milliseconds since the epoch. @default now */
  readonly now?: number;
}

/**
 * Completes a harness: an id, times and empty lists where nothing is given.
 *
 * @example
 * ```ts
 * import { createHarness } from "@everruns/runtime";
 *
 * const harness = createHarness({ name: "assistant", systemPrompt: "Be brief.", capabilities: ["current_time"] });
 * ```
 */
export function createHarness(input: HarnessInput, options: CreateOptions = {}): Harness {
  const now = input.createdAt ?? options.now ?? Date.now();
  return Object.freeze({
    initialFiles: [],
    mcpServers: {},
    tags: [],
    embedderMetadata: {},
    isBuiltIn: false,
    status: "active",
    createdAt: now,
    updatedAt: now,
    ...input,
    id: input.id ?? idsOf(options).next("harness"),
    capabilities: (input.capabilities ?? []).map((ref) => toCapabilityRef(ref)),
  });
}

/** Completes an agent: an id, times and empty lists where nothing is given. */
export function createAgent(input: AgentInput, options: CreateOptions = {}): Agent {
  const now = input.createdAt ?? options.now ?? Date.now();
  return Object.freeze({
    initialFiles: [],
    mcpServers: {},
    tags: [],
    tools: [],
    status: "active",
    createdAt: now,
    updatedAt: now,
    ...input,
    id: input.id ?? idsOf(options).next("agent"),
    capabilities: (input.capabilities ?? []).map((ref) => toCapabilityRef(ref)),
  });
}

/**
 * Completes a session: an id, a workspace of its own, times and empty lists where nothing is given.
 *
 * @throws {TypeError} when an id is of the wrong kind
 */
export function createSession(input: SessionInput, options: CreateOptions = {}): Session {
  const now = input.createdAt ?? options.now ?? Date.now();
  const id = input.id === undefined ? idsOf(options).next("session") : parseId("session", input.id);
  parseId("harness", input.harnessId);
  if (input.agentId !== undefined) parseId("agent", input.agentId);
  return Object.freeze({
    workspaceId: id,
    organizationId: DEFAULT_ORG_ID,
    initialFiles: [],
    mcpServers: {},
    tags: [],
    tools: [],
    createdAt: now,
    updatedAt: now,
    ...input,
    id,
    capabilities: (input.capabilities ?? []).map((ref) => toCapabilityRef(ref)),
  });
}

let shared: IdSource | undefined;

function idsOf(options: CreateOptions): IdSource {
  if (options.ids !== undefined) return options.ids;
  shared ??= new IdSource(systemClock(), systemRandom());
  return shared;
}

/**
 * The full form of a reference, with `config` for its configuration when it is given.
 *
 * @throws {TypeError} when it names no capability, or the configuration is not an object
 */
export function toCapabilityRef(input: CapabilityRefInput, config?: JsonObject): CapabilityRef {
  const ref: CapabilityRef = typeof input === "string" ? { ref: input } : input;
  if (typeof ref !== "object" || ref === null || typeof ref.ref !== "string" || ref.ref.trim() === "") {
    throw new TypeError("Cannot use a capability reference: expected an id, or an object with a non-empty `ref`");
  }
  const { config: settings = {} }: { config?: unknown } = config === undefined ? ref : { config };
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new TypeError(`Cannot use capability "${ref.ref}": its configuration is not an object of settings`);
  }
  return config === undefined ? ref : { ref: ref.ref, config };
}
