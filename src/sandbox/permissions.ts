/** From declared permissions to what a sandbox is given. */

import { isAbsolute } from "node:path";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { WorkerPermissions } from "./child/messages.ts";

const KINDS = ["read", "write", "net"] as const;
const REFUSED = {
  run: "a program it starts would run outside of the sandbox",
  env: "its environment is empty; pass values as arguments",
} as const;

/**
 * Checks what code in a sandbox declares to need, and copies it.
 *
 * `read`, `write` and `net` can be had; paths must be absolute, because the child has a working folder of its own.
 *
 * @throws {TypeError} when a value has the wrong shape, cannot be had in a sandbox, or cannot be written as a flag
 */
export function checkSandboxPermissions(permissions: PermissionNeeds, what: string): PermissionNeeds {
  if (typeof permissions !== "object" || permissions === null) {
    throw new TypeError(`Cannot define ${what}: \`permissions\` is not an object`);
  }
  for (const kind of Object.keys(permissions)) {
    if (kind === "run" || kind === "env") {
      const value = permissions[kind];
      if (value === undefined || (value !== true && value.length === 0)) continue;
      throw new TypeError(`Cannot define ${what}: it may not have \`${kind}\` in a sandbox: ${REFUSED[kind]}`);
    }
    if (!KINDS.some((known) => known === kind)) {
      throw new TypeError(`Cannot define ${what}: \`permissions.${kind.slice(0, 80)}\` is not read, write or net`);
    }
  }
  const copy: { -readonly [kind in (typeof KINDS)[number]]?: readonly string[] | true } = {};
  for (const kind of KINDS) {
    const values = permissions[kind];
    if (values === undefined) continue;
    if (values === true) {
      copy[kind] = true;
      continue;
    }
    if (!Array.isArray(values)) throw new TypeError(`Cannot define ${what}: \`permissions.${kind}\` is not a list`);
    if (values.length === 0) continue;
    copy[kind] = Object.freeze(values.map((value) => checkValue(kind, value, what)));
  }
  return Object.freeze(copy);
}

/** The same permissions for the worker: a kind that is not named is none. */
export function toWorkerPermissions(permissions: PermissionNeeds): WorkerPermissions {
  const { read, write, net } = permissions;
  if (read === undefined && write === undefined && net === undefined) return "none";
  return {
    ...(read === undefined ? {} : { read }),
    ...(write === undefined ? {} : { write }),
    ...(net === undefined ? {} : { net }),
  };
}

/**
 * Checks one value of a flag.
 *
 * @throws {TypeError} when it is no text, has a comma (which separates values and cannot be escaped), or is a path
 * that is not absolute
 */
function checkValue(kind: string, value: unknown, what: string): string {
  const shown = `\`permissions.${kind}\` has ${JSON.stringify(value)?.slice(0, 80) ?? "a value"}, which`;
  if (typeof value !== "string" || value.trim() === "") {
    throw new TypeError(`Cannot define ${what}: ${shown} is no text`);
  }
  if (value.includes(",")) throw new TypeError(`Cannot define ${what}: ${shown} has a comma; no flag can name it`);
  if (kind !== "net" && !isAbsolute(value)) {
    throw new TypeError(`Cannot define ${what}: ${shown} is not an absolute path`);
  }
  return value;
}
