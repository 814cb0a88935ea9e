/** Which Deno permissions a runtime needs. */

import type { PermissionNeeds } from "../records/permissions.ts";
import type { DriverRegistry } from "../kit/registries.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { BackendSlots } from "./backend_slots.ts";
import { driverConfig } from "./driver_pool.ts";

/** One thing and what it says it needs; undefined needs are unknown. */
export interface DeclaredNeeds {
  /** What it is, such as `tool "fetch"`. */
  readonly name: string;
  /** What it needs. */
  readonly needs: PermissionNeeds | undefined;
}

/** The Deno permissions of everything a runtime uses. */
export interface RequiredPermissions {
  /** Values of `--allow-read`; true means unscoped. */
  readonly read: readonly string[] | true;
  /** Values of `--allow-write`. */
  readonly write: readonly string[] | true;
  /** Values of `--allow-net`. */
  readonly net: readonly string[] | true;
  /** Values of `--allow-run`. */
  readonly run: readonly string[] | true;
  /** Values of `--allow-env`. */
  readonly env: readonly string[] | true;
  /** Things that do not say what they need. */
  readonly unknown: readonly string[];
  /** The flags for `deno run`; `--no-prompt` comes first. */
  toFlags(): readonly string[];
}

const KINDS = ["read", "write", "net", "run", "env"] as const;

/** Unites what everything declares. */
export function unitePermissions(declared: readonly DeclaredNeeds[]): RequiredPermissions {
  const united = { read: unite(declared, "read"), write: unite(declared, "write"), net: unite(declared, "net") };
  const more = { run: unite(declared, "run"), env: unite(declared, "env") };
  const all = { ...united, ...more };
  const unknown = [...new Set(declared.filter(({ needs }) => needs === undefined).map(({ name }) => name))].sort();
  return Object.freeze({
    ...all,
    unknown,
    toFlags(): readonly string[] {
      const flags = ["--no-prompt"];
      for (const kind of KINDS) {
        const values = all[kind];
        if (values === true) flags.push(`--allow-${kind}`);
        else if (values.length > 0) flags.push(`--allow-${kind}=${values.join(",")}`);
      }
      return flags;
    },
  });
}

function unite(declared: readonly DeclaredNeeds[], kind: (typeof KINDS)[number]): readonly string[] | true {
  const values = new Set<string>();
  for (const { needs } of declared) {
    const own = needs?.[kind];
    if (own === true) return true;
    for (const value of own ?? []) values.add(value);
  }
  return [...values].sort();
}

/** The needs of models, capabilities, tools, servers and stores. */
export async function declaredNeeds(
  contexts: readonly TurnContext[],
  drivers: DriverRegistry,
  slots: BackendSlots,
): Promise<readonly DeclaredNeeds[]> {
  const declared: DeclaredNeeds[] = [];
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
      declared.push({ name: `MCP server "${name}"`, needs: serverNeeds(server.url, server.command) });
    }
  }
  return declared;
}

function serverNeeds(url: string | undefined, command: string | undefined): PermissionNeeds | undefined {
  if (command !== undefined) return { run: [command] };
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  return { net: [`${hostname}:${port === "" ? (protocol === "http:" ? "80" : "443") : port}`] };
}
