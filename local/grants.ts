/** Asking Deno what is granted, before anything is opened and never by a prompt. */

import { grantablePath } from "../src/kit/required_permissions.ts";
import { PermissionMissingError } from "./errors.ts";

/** A folder that is about to be used. */
export interface NeededFolder {
  /** What it is, such as `data folder`. */
  readonly what: string;
  /** Where it is. */
  readonly path: string;
}

/**
 * Checks that folders may be read and written.
 *
 * @throws {PermissionMissingError} naming every flag that is missing
 */
export async function assertGranted(what: string, folders: readonly string[]): Promise<void> {
  await assertAllGranted(folders.map((path) => ({ what, path })));
}

/**
 * Checks that folders of several kinds may be read and written.
 *
 * @throws {PermissionMissingError} naming every folder that lacks a grant and every flag that is missing
 */
export async function assertAllGranted(folders: readonly NeededFolder[]): Promise<void> {
  const flags: string[] = [];
  const lacking = new Set<NeededFolder>();
  for (const name of ["read", "write"] as const) {
    const paths = new Set<string>();
    for (const folder of folders) {
      const { state } = await Deno.permissions.query({ name, path: folder.path });
      if (state === "granted") continue;
      paths.add(grantablePath(folder.path));
      lacking.add(folder);
    }
    if (paths.size > 0) flags.push(`--allow-${name}=${[...paths].join(",")}`);
  }
  const last = [...lacking].at(-1);
  if (last === undefined) return;
  const others = [...lacking].slice(0, -1).map(({ what, path }) => `${what} "${path}"`);
  throw new PermissionMissingError([...others, last.what].join(" and "), last.path, flags);
}

/** The error for a folder that may be used while where it leads may not: Deno asks for both (2.9.6). */
export function behindLink(what: string, path: string): PermissionMissingError {
  const real = Deno.realPathSync(path);
  const paths = [path, real].map(grantablePath).join(",");
  return new PermissionMissingError(what, real, [`--allow-read=${paths}`, `--allow-write=${paths}`]);
}
