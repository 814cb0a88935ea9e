/** Where a program keeps its local data, and who it says it is. */

import { join } from "node:path";
import type { PermissionNeeds } from "../src/records/permissions.ts";
import { DEFAULT_ORG_ID, type OrgId, parseId } from "../src/records/ids.ts";
import { type RequiredPermissions, unitePermissions } from "../src/kit/required_permissions.ts";
import { absolutePath, isInside } from "./paths.ts";

/** The owner of records when the host names none. */
export const DEFAULT_OWNER_PRINCIPAL_ID = "principal_00000000000000000000000000000001";

interface ProfileMembers {
  readonly dataDir: string;
  readonly workspaceRoot: string;
  readonly baseUrl: string;
  readonly orgPublicId: OrgId;
  readonly ownerPrincipalId: string;
}

/**
 * The folders and names of a local program; immutable, so every `with...` returns another profile.
 *
 * Paths are absolute and taken as they are: no `~`, no environment variables.
 *
 * @example
 * ```ts ignore
 * import { LocalProfile } from "@everruns/runtime/local";
 *
 * const profile = new LocalProfile("/home/me/agent-data").withWorkspaceRoot("/home/me/project");
 * console.log(profile.requiredPermissions().toFlags().join(" "));
 * ```
 */
export class LocalProfile {
  /** Holds the store, locks and everything else the backends write. */
  readonly dataDir: string;
  /** The folder a real-disk workspace works in. @default `<dataDir>/workspace` */
  readonly workspaceRoot: string;
  /** Where people find this platform, for links. @default {"http://localhost:9300"} */
  readonly baseUrl: string;
  /** The organisation schedules belong to. */
  readonly orgPublicId: OrgId;
  /** Who owns schedules that are made here without an owner. */
  readonly ownerPrincipalId: string;

  /**
   * Describes a data folder; nothing is opened.
   *
   * @throws {TypeError} when the path is not an absolute one
   */
  constructor(dataDir: string, members: Partial<Omit<ProfileMembers, "dataDir">> = {}) {
    this.dataDir = absolutePath("data folder", dataDir);
    this.workspaceRoot = absolutePath("workspace root", members.workspaceRoot ?? join(this.dataDir, "workspace"));
    this.baseUrl = members.baseUrl ?? "http://localhost:9300";
    this.orgPublicId = parseId("org", members.orgPublicId ?? DEFAULT_ORG_ID);
    this.ownerPrincipalId = members.ownerPrincipalId ?? DEFAULT_OWNER_PRINCIPAL_ID;
  }

  /** The store: `<dataDir>/local.db`. */
  get databasePath(): string {
    return join(this.dataDir, "local.db");
  }

  /** The lock files of living owners: `<dataDir>/owners`. */
  get ownersPath(): string {
    return join(this.dataDir, "owners");
  }

  /** The permissions the backends need: to read and write the data folder and the workspace root. */
  get permissions(): PermissionNeeds {
    const folders = isInside(this.workspaceRoot, this.dataDir) ? [this.dataDir] : [this.dataDir, this.workspaceRoot];
    return { read: folders, write: folders };
  }

  /** Works in another folder. */
  withWorkspaceRoot(workspaceRoot: string): LocalProfile {
    return this.#with({ workspaceRoot });
  }

  /** Links to another address. */
  withBaseUrl(baseUrl: string): LocalProfile {
    return this.#with({ baseUrl });
  }

  /** Belongs to another organisation. */
  withOrgPublicId(orgPublicId: OrgId): LocalProfile {
    return this.#with({ orgPublicId });
  }

  /** Is owned by somebody else. */
  withOwnerPrincipalId(ownerPrincipalId: string): LocalProfile {
    return this.#with({ ownerPrincipalId });
  }

  /** The Deno permissions of {@linkcode permissions} with their flags. */
  requiredPermissions(): RequiredPermissions {
    return unitePermissions([{ name: "local backends", needs: this.permissions }]);
  }

  #with(change: Partial<Omit<ProfileMembers, "dataDir">>): LocalProfile {
    const { workspaceRoot, baseUrl, orgPublicId, ownerPrincipalId } = this;
    return new LocalProfile(this.dataDir, { workspaceRoot, baseUrl, orgPublicId, ownerPrincipalId, ...change });
  }
}
