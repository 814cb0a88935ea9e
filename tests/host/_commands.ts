/**
 * What only the system's own programs can make: links, pipes and small disks.
 *
 * @module
 */

import { tempFolder } from "../local/_support/temp_folder.ts";

/** Runs a program to its end; tells whether it worked. */
export function run(command: string, ...args: readonly string[]): boolean {
  const { success } = new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" }).outputSync();
  return success;
}

/** Makes a symbolic link: Deno does so only with unscoped grants. */
export function symlink(target: string, path: string): void {
  if (!run("ln", "-s", target, path)) throw new Error(`ln -s failed for ${path}`);
}

/** A small disk in memory, unmounted when it goes out of scope. */
export interface SmallDisk extends Disposable {
  /** Where it is. */
  readonly path: string;
  /** Makes it read-only, or writable again. */
  setReadOnly(readOnly: boolean): void;
  /** Gives it another size. */
  resize(kibibytes: number): void;
}

/** Mounts a disk of so many KiB on a folder; undefined where mounting is not allowed. */
export function mountSmallDisk(path: string, kibibytes: number): SmallDisk | undefined {
  if (!run("mount", "-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", path)) return undefined;
  return {
    path,
    setReadOnly(readOnly): void {
      if (!run("mount", "-o", `remount,${readOnly ? "ro" : "rw"}`, path)) throw new Error(`remount failed for ${path}`);
    },
    resize(size): void {
      if (!run("mount", "-o", `remount,size=${size}k`, path)) throw new Error(`remount failed for ${path}`);
    },
    [Symbol.dispose]: () => {
      if (!run("umount", path)) throw new Error(`umount failed for ${path}`);
    },
  };
}

/** Whether disks can be mounted here; tests that need one are ignored where not. */
export function canMount(): boolean {
  using folder = tempFolder();
  using disk = mountSmallDisk(folder.path, 64);
  return disk !== undefined;
}
