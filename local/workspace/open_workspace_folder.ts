/** Checking the folder of a workspace before it is used. */

import { basename, dirname, join } from "node:path";
import { ConfigurationError, messageOf } from "../../src/errors.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { assertGranted, behindLink } from "../grants.ts";
import { absolutePath, isInside } from "../paths.ts";
import { errnoOf } from "./host_errors.ts";
import { type HiddenFolder, WorkspaceFolder } from "./workspace_folder.ts";
import { WorkspacePaths } from "./workspace_paths.ts";

/** How the folder of a workspace is opened. */
export interface OpenWorkspaceOptions {
  /** Absolute paths of folders that are no part of it. */
  readonly hidden: readonly string[];
  /** The root as the model sees it. */
  readonly displayRoot: string;
  /** Tells how old a temporary file is. */
  readonly clock: Clock;
}

/** A folder that is ready to be used. */
export interface OpenedWorkspace {
  /** The folder. */
  readonly folder: WorkspaceFolder;
  /** The spellings of its paths. */
  readonly paths: WorkspacePaths;
}

/**
 * Checks the root of a workspace and the folders hidden in it.
 *
 * A hidden folder that holds the whole workspace, such as the data folder around it, changes nothing: nothing else of
 * it can be reached.
 *
 * @throws {TypeError} when a path is not an absolute one
 * @throws {PermissionMissingError} when a grant is missing, before anything is opened
 * @throws {ConfigurationError} when the root is no folder that is there, or is itself to be hidden
 */
export async function openWorkspaceFolder(root: string, options: OpenWorkspaceOptions): Promise<OpenedWorkspace> {
  const given = absolutePath("workspace root", root);
  const hidden = options.hidden.map((folder) => absolutePath("hidden folder", folder));
  await assertGranted("workspace", [given]);
  const real = realFolder(given);
  // It may be read there, and perhaps not written.
  await assertGranted("workspace", [real]);
  const paths = new WorkspacePaths([given, real], options.displayRoot);
  const folder = new WorkspaceFolder(real, {
    isNameable: (path) => paths.isNameable(path),
    hidden: hidden.map(hiddenFolder).filter((each) => isHiddenPart(each, real)),
    now: () => options.clock.now(),
  });
  return { folder, paths };
}

function realFolder(root: string): string {
  let problem = "it is not a folder; choose another one";
  try {
    const real = Deno.realPathSync(root);
    if (Deno.lstatSync(real).isDirectory) return real;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw behindLink("workspace", root);
    problem = errnoOf(error) === "ENOENT" ? "there is no such folder; make it first" : messageOf(error);
  }
  throw new ConfigurationError(`Cannot open workspace "${root}": ${problem}`);
}

function isHiddenPart({ path }: HiddenFolder, root: string): boolean {
  if (path === root) {
    throw new ConfigurationError(`Cannot open workspace "${root}": it is a hidden folder; choose another workspace`);
  }
  return !isInside(root, path);
}

/** The real path of a folder that may not be there yet, or may not be looked at. */
function hiddenFolder(path: string): HiddenFolder {
  try {
    const real = Deno.realPathSync(path);
    const info = Deno.lstatSync(real);
    return { path: real, info: info.ino === null ? undefined : info };
  } catch {
    const above = dirname(path);
    return { path: above === path ? path : join(hiddenFolder(above).path, basename(path)), info: undefined };
  }
}
