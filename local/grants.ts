/** Asking Deno what is granted, before anything is opened and never by a prompt. */

import { PermissionMissingError } from "./errors.ts";

/**
 * Checks that folders may be read and written.
 *
 * @throws {PermissionMissingError} naming every flag that is missing
 */
export async function assertGranted(what: string, folders: readonly string[]): Promise<void> {
  const flags: string[] = [];
  for (const name of ["read", "write"] as const) {
    const missing: string[] = [];
    for (const path of folders) {
      const { state } = await Deno.permissions.query({ name, path });
      if (state !== "granted") missing.push(path);
    }
    if (missing.length > 0) flags.push(`--allow-${name}=${missing.join(",")}`);
  }
  if (flags.length > 0) throw new PermissionMissingError(what, folders[0] ?? "", flags);
}
