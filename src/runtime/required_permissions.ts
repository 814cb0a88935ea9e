/** Which Deno permissions a runtime needs. */

import type { McpServerConfig } from "../records/mcp.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import { addressKind } from "../kit/private_address.ts";
import type { DriverRegistry } from "../kit/registries.ts";
import type { DeclaredNeeds } from "../kit/required_permissions.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { BackendSlots } from "./backend_slots.ts";
import { driverConfig } from "./driver_pool.ts";

/** The needs of models, capabilities, tools, servers and stores. */
export async function declaredNeeds(
  contexts: readonly TurnContext[],
  drivers: DriverRegistry,
  slots: BackendSlots,
): Promise<readonly DeclaredNeeds[]> {
  const declared: DeclaredNeeds[] = storeNeeds(slots);
  const models = new Set([await slots.providerStore.getDefaultModel(), ...contexts.map((c) => c.modelWithProvider)]);
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
