/** Switching capabilities of a running session on and off. */

import { RuntimeError } from "../errors.ts";
import type { CapabilityRef } from "../records/capability_ref.ts";
import type { SessionId } from "../records/ids.ts";
import type { Capability } from "../ports/capability.ts";
import { didYouMean } from "../kit/nearest_name.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";
import { readLayers } from "../context/layers.ts";
import { isAvailable } from "../context/resolve.ts";
import type { BackendSlots } from "./backend_slots.ts";
import type { RuntimeParts } from "./runtime_parts.ts";

/** What an edit changed. */
export interface CapabilityDelta {
  /** The capability. */
  readonly capabilityId: string;
  /** Whether the session changed. */
  readonly changed: boolean;
  /** Whether the capability is on now. */
  readonly active: boolean;
  /** What has to be looked at again: prompt, tools, commands. */
  readonly surfacesDirty: boolean;
}

type EditedParts = Pick<RuntimeParts, "slots" | "capabilities">;

/**
 * Switches a capability on in the session's own layer; nothing changes unless everything about it is valid.
 *
 * @throws {RuntimeError} `capability_unknown`, `capability_unavailable`, `capability_config_invalid` or `unsupported`
 */
export async function activate(
  { slots, capabilities: registry }: EditedParts,
  sessionId: SessionId,
  ref: CapabilityRef,
): Promise<CapabilityDelta> {
  const capability = await require(registry, ref.ref);
  const problem = capability.validateConfig?.(ref.config ?? {});
  if (problem !== undefined) {
    throw new RuntimeError("capability_config_invalid", `Cannot activate "${capability.id}": ${problem}`);
  }
  for (const dependency of capability.dependencies ?? []) await require(registry, dependency);
  const edit = slots.sessionStore.upsertSessionCapability?.bind(slots.sessionStore);
  if (edit === undefined) throw unsupported();
  const layers = await readLayers(sessionId, sourcesOf(slots));
  const current = layers.session.capabilities.find((own) => registry.get(own.ref)?.id === capability.id);
  const wanted: CapabilityRef = ref.config === undefined
    ? { ref: capability.id }
    : { ref: capability.id, config: ref.config };
  const changed = current === undefined ||
    JSON.stringify(current.config ?? {}) !== JSON.stringify(wanted.config ?? {});
  if (changed) {
    if (current !== undefined && current.ref !== wanted.ref) {
      await slots.sessionStore.removeSessionCapability?.(sessionId, current.ref);
    }
    await edit(sessionId, wanted);
  }
  return { capabilityId: capability.id, changed, active: true, surfacesDirty: changed };
}

/**
 * Switches a capability of the session's own layer off.
 *
 * @throws {RuntimeError} `capability_inherited` when harness or agent switched it on, `unsupported`
 */
export async function deactivate(
  { slots, capabilities: registry }: EditedParts,
  sessionId: SessionId,
  ref: string,
): Promise<CapabilityDelta> {
  const remove = slots.sessionStore.removeSessionCapability?.bind(slots.sessionStore);
  if (remove === undefined) throw unsupported();
  const id = registry.get(ref)?.id ?? ref;
  const { harnessChain, agent, session } = await readLayers(sessionId, sourcesOf(slots));
  const names = (own: CapabilityRef): boolean => (registry.get(own.ref)?.id ?? own.ref) === id;
  const inherited = [...harnessChain, ...(agent === undefined ? [] : [agent])].some((layer) =>
    layer.capabilities.some(names)
  );
  if (inherited) {
    throw new RuntimeError(
      "capability_inherited",
      `Cannot deactivate "${id}": the harness or agent switches it on; change that`,
    );
  }
  const own = session.capabilities.find(names);
  const changed = own !== undefined && await remove(sessionId, own.ref);
  return { capabilityId: id, changed, active: false, surfacesDirty: changed };
}

async function require(registry: CapabilityRegistry, ref: string): Promise<Capability> {
  if (registry.get(ref) === undefined) {
    const hint = didYouMean(ref, registry.ids());
    throw new RuntimeError("capability_unknown", `Cannot activate "${ref}": no such capability is registered${hint}`);
  }
  const capability = await registry.resolve(ref);
  if (isAvailable(capability)) return capability;
  throw new RuntimeError("capability_unavailable", `Cannot activate "${capability.id}": it is ${capability.status}`);
}

function unsupported(): RuntimeError {
  return new RuntimeError("unsupported", "The session store does not support live capability reconfiguration");
}

function sourcesOf(slots: BackendSlots) {
  return { harnesses: slots.harnessStore, agents: slots.agentStore, sessions: slots.sessionStore };
}
