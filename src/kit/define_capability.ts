/** Making capabilities: checked once, then frozen. */

import type { Capability, LazyCapability } from "../ports/capability.ts";

/** snake_case, and for a member of a family a colon and its own name. */
const ID = /^[a-z0-9]+(_[a-z0-9]+)*(:[A-Za-z0-9._-]+)*$/;

const FUNCTIONS = [
  "facts",
  "validateConfig",
  "messageFilter",
  "narrate",
  "promptCacheKey",
  "resolveForModel",
] as const;

const LISTS = ["clientTools", "files", "dependencies", "features", "commands"] as const;

/**
 * Checks a capability, freezes it and returns it.
 *
 * @throws {TypeError} when a member has the wrong shape
 * @throws {RangeError} when two of its tools, or two of its commands, share a name
 *
 * @example
 * ```ts
 * import { defineCapability } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const manners = defineCapability({
 *   id: "good_manners",
 *   name: "Good manners",
 *   systemPrompt: "Say please and thank you.",
 * });
 * assert.ok(Object.isFrozen(manners));
 * ```
 */
export function defineCapability(capability: Capability): Capability {
  checkCapability(capability);
  return Object.freeze(capability);
}

/**
 * Checks the members every capability has, loaded or not.
 *
 * @throws {TypeError} when one has the wrong shape
 */
export function checkCapabilityIdentity(capability: Capability | LazyCapability): void {
  if (typeof capability !== "object" || capability === null) {
    throw new TypeError("Cannot use a capability: it is not an object");
  }
  const { id, name, aliases } = capability;
  if (!isCapabilityId(id)) {
    throw new TypeError(
      `Cannot use the capability id ${show(id)}: use snake_case, and a colon for a member of a family`,
    );
  }
  if (typeof name !== "string" || name.trim() === "") throw wrong(id, "name", "a non-empty string");
  if (aliases !== undefined && !(Array.isArray(aliases) && aliases.every((alias) => isText(alias)))) {
    throw wrong(id, "aliases", "a list of ids");
  }
}

/**
 * Checks a whole capability.
 *
 * @throws {TypeError} when a member has the wrong shape
 * @throws {RangeError} when two of its tools, or two of its commands, share a name
 */
export function checkCapability(capability: Capability): void {
  checkCapabilityIdentity(capability);
  const { id, systemPrompt, tools, clientTools, commands, hooks, modelView } = capability;
  if (systemPrompt !== undefined && typeof systemPrompt !== "string" && typeof systemPrompt !== "function") {
    throw wrong(id, "systemPrompt", "text or a function");
  }
  for (const member of FUNCTIONS) {
    if (capability[member] !== undefined && typeof capability[member] !== "function") {
      throw wrong(id, member, "a function");
    }
  }
  for (const member of LISTS) {
    if (capability[member] !== undefined && !Array.isArray(capability[member])) throw wrong(id, member, "a list");
  }
  if (hooks !== undefined) checkHooks(id, hooks);
  if (modelView !== undefined && typeof modelView?.apply !== "function") {
    throw wrong(id, "modelView", "an object with an `apply` function");
  }
  checkTools(id, tools, clientTools);
  checkUnique(id, "commands", (commands ?? []).map((command) => command?.name));
  for (const command of commands ?? []) {
    if (typeof command.execute !== "function") throw wrong(id, `commands.${command.name}`, "a command with `execute`");
  }
}

function checkTools(id: string, tools: Capability["tools"], clientTools: Capability["clientTools"]): void {
  if (tools !== undefined && typeof tools !== "function" && !Array.isArray(tools)) {
    throw wrong(id, "tools", "a list of tools or a function");
  }
  const own = typeof tools === "function" ? [] : tools ?? [];
  for (const tool of own) {
    if (typeof tool?.parse !== "function" || typeof tool.execute !== "function") {
      throw wrong(id, "tools", "a list of tools made by defineTool()");
    }
  }
  const names = [...own.map(({ definition }) => definition?.name), ...(clientTools ?? []).map((tool) => tool?.name)];
  checkUnique(id, "tools", names);
}

function checkHooks(id: string, hooks: NonNullable<Capability["hooks"]>): void {
  if (typeof hooks !== "object" || hooks === null) throw wrong(id, "hooks", "an object of functions");
  for (const [name, hook] of Object.entries(hooks)) {
    if (hook !== undefined && typeof hook !== "function") throw wrong(id, `hooks.${name}`, "a function");
  }
}

function checkUnique(id: string, member: string, names: readonly unknown[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (!isText(name)) throw wrong(id, member, "a list of things with names");
    if (seen.has(name)) {
      throw new RangeError(`Cannot use capability "${id}": two of its ${member} are named "${name}"; rename one`);
    }
    seen.add(name);
  }
}

function isCapabilityId(id: unknown): id is string {
  return typeof id === "string" && id.length <= 128 && ID.test(id);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function wrong(id: string, member: string, wanted: string): TypeError {
  return new TypeError(`Cannot use capability "${id}": \`${member}\` is not ${wanted}`);
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : typeof value;
}
