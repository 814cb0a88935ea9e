/** Comparing what the program needs with what Deno granted it. */

import type { RequiredPermissions } from "@everruns/runtime";

/** A grant the program cannot do without is missing; the program ends with 2. */
export class MissingGrantError extends Error {
  override readonly name = "MissingGrantError";
  /** The missing flags. */
  readonly flags: readonly string[];

  constructor(flags: readonly string[]) {
    const isOfPrograms = flags.some((flag) => flag.startsWith("--allow-run"));
    super(`not granted: ${shellFlags(flags)}
Run the program with it, or without what needs it (--no-bash, --no-web, --no-mcp); --permissions prints all flags.${
      isOfPrograms ? "\nDeno grants no program it cannot find: one that is not installed lacks its grant too." : ""
    }`);
    this.flags = flags;
  }
}

/** The flags that are needed and not given, each with the values that lack. */
export async function missingGrants(needed: RequiredPermissions): Promise<readonly string[]> {
  const { read, write, net, run, env } = needed;
  const missing = await Promise.all([
    lacking("read", read, (path) => path === undefined ? { name: "read" } : { name: "read", path }),
    lacking("write", write, (path) => path === undefined ? { name: "write" } : { name: "write", path }),
    lacking("net", net, (host) => host === undefined ? { name: "net" } : { name: "net", host }),
    lacking("run", run, (command) => command === undefined ? { name: "run" } : { name: "run", command }),
    lacking("env", env, (variable) => variable === undefined ? { name: "env" } : { name: "env", variable }),
  ]);
  return missing.filter((flag) => flag !== undefined);
}

/**
 * Fails unless everything is granted: a program that finds out in the middle of its work has begun it in vain.
 *
 * @throws {MissingGrantError} naming every flag that lacks
 */
export async function assertGranted(needed: RequiredPermissions): Promise<void> {
  const missing = await missingGrants(needed);
  if (missing.length > 0) throw new MissingGrantError(missing);
}

/** Flags as they are typed into a shell. */
export function shellFlags(flags: readonly string[]): string {
  return flags.map((flag) => /^[\w@%+=:,./-]+$/.test(flag) ? flag : `'${flag.replaceAll("'", "'\\''")}'`).join(" ");
}

type Kind = "read" | "write" | "net" | "run" | "env";

async function lacking(
  kind: Kind,
  needed: readonly string[] | true,
  describe: (value: string | undefined) => Deno.PermissionDescriptor,
): Promise<string | undefined> {
  if (needed === true) {
    return await isGranted(describe(undefined)) ? undefined : `--allow-${kind}`;
  }
  const missing: string[] = [];
  for (const value of needed) if (!await isGranted(describe(value))) missing.push(value);
  return missing.length === 0 ? undefined : `--allow-${kind}=${missing.join(",")}`;
}

async function isGranted(descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(descriptor)).state === "granted";
}
