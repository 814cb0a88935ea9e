/** Which Deno permissions a runtime needs. */

import { idFromSeed } from "../records/ids.ts";
import type { McpServerConfig } from "../records/mcp.ts";
import type { ResolvedModel } from "../records/model.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import { addressKind } from "../kit/private_address.ts";
import type { DriverRegistry } from "../kit/registries.ts";
import { createSession } from "../kit/create_records.ts";
import { type DeclaredNeeds, type RequiredPermissions, unitePermissions } from "../kit/required_permissions.ts";
import { ConfigCache, configOf } from "../context/config_cache.ts";
import type { ContextSources } from "../context/contributions.ts";
import { readLayers, resolveModel } from "../context/layers.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { BackendSlots } from "./backend_slots.ts";
import { driverConfig } from "./driver_pool.ts";
import type { RuntimeParts, SeededRecords } from "./runtime_parts.ts";

/** What declares needs. */
type Uses = Pick<TurnContext, "config" | "executableTools" | "modelWithProvider">;

/** Stands for a session that is made later; nothing is stored under it. */
const LATER = idFromSeed("session", 0);

/**
 * The permissions of what some sessions use.
 *
 * @param atBuild also what was known at `build()`, for sessions that are made later; undefined leaves that out
 */
export async function permissionsOf(
  { seeded, drivers, slots }: RuntimeParts,
  contexts: readonly Uses[],
  atBuild: ContextSources | undefined,
): Promise<RequiredPermissions> {
  const later = atBuild === undefined ? [] : await usesOfLayers(seeded, atBuild);
  const models = atBuild === undefined ? [] : seeded.models;
  return unitePermissions(await declaredNeeds([...contexts, ...later], models, drivers, slots));
}

/**
 * What sessions that are made later may use: each harness alone, and each agent on the first one.
 *
 * No function of a capability is asked and no server connected: there is no session to do it for.
 */
async function usesOfLayers(
  { harnesses, agents }: SeededRecords,
  sources: ContextSources,
): Promise<readonly Uses[]> {
  const [first] = harnesses;
  const sessions = harnesses.map((harnessId) => createSession({ id: LATER, harnessId }));
  if (first !== undefined) {
    for (const agentId of agents) sessions.push(createSession({ id: LATER, harnessId: first, agentId }));
  }
  return await Promise.all(sessions.map(async (session): Promise<Uses> => {
    const fold = await new ConfigCache().fold(await readLayers(session, sources));
    const { model } = await resolveModel(undefined, fold.overlay.modelIds, sources.providers);
    const config = await configOf(fold, sources.capabilities, model?.model);
    return { config, executableTools: config.tools, modelWithProvider: model };
  }));
}

/** The needs of models, capabilities, tools, servers and stores. */
async function declaredNeeds(
  contexts: readonly Uses[],
  registered: readonly ResolvedModel[],
  drivers: DriverRegistry,
  slots: BackendSlots,
): Promise<readonly DeclaredNeeds[]> {
  const declared: DeclaredNeeds[] = storeNeeds(slots);
  const chosen = contexts.map(({ modelWithProvider }) => modelWithProvider);
  const models = new Set([await slots.providerStore.getDefaultModel(), ...chosen, ...registered]);
  for (const model of models) {
    if (model === undefined) continue;
    const needs = drivers.get(model.providerType)?.permissions(driverConfig(model));
    declared.push({ name: `driver "${model.providerType}"`, needs });
  }
  for (const context of contexts) {
    for (const { capability } of context.config.capabilities) {
      // Without a declaration of its own a capability needs what its tools need; only its functions are unknown.
      const passive = capability.hooks === undefined && typeof capability.systemPrompt !== "function" &&
        capability.facts === undefined && capability.commands === undefined;
      const needs = capability.permissions ?? (passive ? {} : undefined);
      declared.push({ name: `capability "${capability.id}"`, needs });
    }
    for (const [name, { tool, capability }] of context.executableTools) {
      declared.push({ name: `tool "${name}"`, needs: tool.permissions ?? capability?.permissions });
    }
    for (const [name, server] of Object.entries(context.config.mcpServers)) {
      declared.push({ name: `MCP server "${name}"`, needs: serverNeeds(server) });
    }
  }
  return declared;
}

/** A program, or a host: of a name also its addresses are looked up, which a grant with a port does not cover. */
function serverNeeds({ type = "http", url = "", command }: McpServerConfig): PermissionNeeds | undefined {
  if (type === "stdio") return command === undefined ? undefined : { run: [command] };
  const address = URL.parse(url);
  if (address === null) return undefined;
  const { hostname, port, protocol } = address;
  if (addressKind(hostname) === undefined) return { net: [hostname] };
  return { net: [`${hostname}:${port === "" ? (protocol === "http:" ? "80" : "443") : port}`] };
}

/** What stores say they need: one that says nothing keeps its data in memory, or its host knows. */
function storeNeeds(slots: BackendSlots): DeclaredNeeds[] {
  const declared: DeclaredNeeds[] = [];
  for (const [slot, store] of Object.entries(slots) as [string, Readonly<{ permissions?: PermissionNeeds }>][]) {
    if (store?.permissions !== undefined) declared.push({ name: `slot "${slot}"`, needs: store.permissions });
  }
  return declared;
}
