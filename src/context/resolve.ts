/** From capability references to capabilities, dependencies first. */

import type { CapabilityRef } from "../records/capability_ref.ts";
import type { JsonObject } from "../records/json.ts";
import type { Capability } from "../ports/capability.ts";
import { runsInBackground } from "../kit/background_tools.ts";
import { didYouMean } from "../kit/nearest_name.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";

/** A capability with the configuration the layers gave it. */
export interface ResolvedCapability {
  /** The capability. */
  readonly capability: Capability;
  /** Its configuration. */
  readonly config: JsonObject;
}

/** What resolving came to. */
export interface Resolution {
  /** Dependencies before dependents. */
  readonly capabilities: readonly ResolvedCapability[];
  /** Why some were left out, in words for the host. */
  readonly warnings: readonly string[];
}

/** Most capabilities of one session. */
const MAX_CAPABILITIES = 100;
const NO_CONFIG: JsonObject = Object.freeze({});
/** Starts tools in the background. */
const BACKGROUND = "background_execution";

const withBackground = new WeakSet<CapabilityRegistry>();

/** Switches `background_execution`, if it is registered, on for sessions with a tool that can run in the background. */
export function offerBackground(registry: CapabilityRegistry): void {
  if (registry.has(BACKGROUND)) withBackground.add(registry);
}

/**
 * Resolves references depth first.
 *
 * Unavailable ones are left out. An unknown one, a cycle, or more than 100, is a warning: what was reached is used.
 */
export async function resolveCapabilities(
  refs: readonly CapabilityRef[],
  registry: CapabilityRegistry,
  model: string | undefined,
): Promise<Resolution> {
  const configs = new Map<string, JsonObject>();
  for (const { ref, config } of refs) {
    const entry = registry.get(ref);
    if (entry !== undefined) configs.set(entry.id, config ?? NO_CONFIG);
  }
  const resolved = new Map<string, ResolvedCapability>();
  const visiting = new Set<string>();
  const warnings: string[] = [];

  async function visit(ref: string, path: readonly string[]): Promise<void> {
    const entry = registry.get(ref);
    if (entry === undefined) {
      warnings.push(`Capability "${ref}" is not registered and was left out${didYouMean(ref, registry.ids())}`);
      return;
    }
    if (resolved.has(entry.id)) return;
    if (visiting.has(entry.id)) {
      warnings.push(`Capabilities depend on each other in a circle: ${[...path, entry.id].join(" -> ")}`);
      return;
    }
    if (resolved.size + visiting.size >= MAX_CAPABILITIES) {
      if (warnings.at(-1) !== TOO_MANY) warnings.push(TOO_MANY);
      return;
    }
    const capability = await registry.resolve(ref);
    if (!isAvailable(capability)) return;
    visiting.add(entry.id);
    const substitute = model === undefined ? undefined : capability.resolveForModel?.(model);
    if (substitute !== undefined && registry.get(substitute)?.id !== entry.id) {
      const config = configs.get(entry.id);
      const target = registry.get(substitute);
      if (target !== undefined && config !== undefined && !configs.has(target.id)) configs.set(target.id, config);
      await visit(substitute, [...path, entry.id]);
      visiting.delete(entry.id);
      return;
    }
    for (const dependency of capability.dependencies ?? []) await visit(dependency, [...path, entry.id]);
    visiting.delete(entry.id);
    resolved.set(entry.id, { capability, config: configs.get(entry.id) ?? NO_CONFIG });
  }

  for (const { ref } of refs) await visit(ref, []);
  if (withBackground.has(registry) && !resolved.has(BACKGROUND) && canRunInBackground([...resolved.values()])) {
    await visit(BACKGROUND, []);
  }
  return { capabilities: [...resolved.values()], warnings };
}

/** Whether one of the tools may. */
function canRunInBackground(resolved: readonly ResolvedCapability[]): boolean {
  const all = resolved.map(({ capability }) => capability);
  return resolved.some(({ capability, config }) => {
    const tools = typeof capability.tools === "function" ? capability.tools(config, all) : capability.tools ?? [];
    return tools.some(({ definition }) => runsInBackground(definition));
  });
}

const TOO_MANY = `A session can use at most ${MAX_CAPABILITIES} capabilities; the rest were left out`;

/** Whether a capability may be used. */
export function isAvailable(capability: Capability): boolean {
  return capability.status === undefined || capability.status === "available" || capability.status === "deprecated";
}
