/** A file store whose changes somebody must approve. */

import { FileStoreError } from "../../src/errors.ts";
import type { FileEncoding } from "../../src/records/initial_file.ts";
import type { RuntimeFileStore, StoredFile } from "../../src/ports/file_store.ts";
import { isExpected } from "../files/content.ts";
import { FileStoreDecorator } from "./file_store_decorator.ts";

/** A write that is to be approved. */
export interface WriteApproval {
  /** The workspace. */
  readonly workspaceId: string;
  /** Canonical path. */
  readonly path: string;
  /** The content now; null when there is no such file. */
  readonly before: string | null;
  /** How `before` is written. */
  readonly beforeEncoding: FileEncoding;
  /** The content it is to have. */
  readonly after: string;
  /** How `after` is written. */
  readonly afterEncoding: FileEncoding;
}

/** A deletion that is to be approved. */
export interface DeleteApproval {
  /** The workspace. */
  readonly workspaceId: string;
  /** Canonical path. */
  readonly path: string;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
  /** Whether everything in it goes too. */
  readonly recursive: boolean;
}

/** Who approves; only `true` does. What they throw is passed on, and nothing is changed. */
export interface ApprovalGateOptions {
  /** Asked before a file is written. */
  approveWrite(write: WriteApproval): boolean | Promise<boolean>;
  /** Asked before something is deleted. */
  approveDelete(deletion: DeleteApproval): boolean | Promise<boolean>;
}

/**
 * Asks before every write and deletion; a refusal is `approval_denied`, and the model is told.
 *
 * Nobody is asked about what would change nothing, or is refused anyway because the file is read-only. What was
 * approved is what happens: a write whose file changed while somebody made up their mind is refused with
 * `file_changed`. Reading, making directories and seeding are free.
 *
 * It waits for the answer without a deadline of its own. A tool that runs programs goes past it. A
 * {@linkcode WriteBlocklistFileStore} goes inside, so that no approval opens what is blocked:
 * `new ApprovalGateFileStore(new WriteBlocklistFileStore(files), ...)`. Needs the permissions of the file store inside,
 * and none of its own.
 *
 * @example
 * ```ts ignore
 * import { InMemoryFileStore } from "@everruns/runtime";
 * import { ApprovalGateFileStore } from "@everruns/runtime/local";
 *
 * const files = new ApprovalGateFileStore(new InMemoryFileStore(), {
 *   approveWrite: ({ path, before }) => before === null || confirm(`Change ${path}?`),
 *   approveDelete: () => false,
 * });
 * await files.writeFile("project", "/new.txt", "x", "text");
 * ```
 */
export class ApprovalGateFileStore extends FileStoreDecorator {
  readonly #options: ApprovalGateOptions;

  /** Puts the gate around a file store. */
  constructor(files: RuntimeFileStore, options: ApprovalGateOptions) {
    super(files);
    this.#options = options;
  }

  /**
   * Writes a file whole when that is approved; tells whether it was created.
   *
   * @throws {FileStoreError} `approval_denied`, `file_changed` when the file changed meanwhile, or what the file store
   * inside refuses
   */
  override async writeFile(
    workspaceId: string,
    path: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    const canonical = this.canonicalPath(path);
    const before = await this.#before(workspaceId, canonical, "write");
    await this.#approveWrite(workspaceId, canonical, before, content, encoding);
    if (before === undefined) {
      if (await this.statFile(workspaceId, canonical) !== undefined) throw hasChanged(canonical);
      return await super.writeFile(workspaceId, canonical, content, encoding);
    }
    const wrote = await super
      .writeFileIfContentMatches(workspaceId, canonical, before.content, content, encoding);
    if (!wrote) throw hasChanged(canonical);
    return false;
  }

  /**
   * Writes a file only if its content is still `expected`, and that is approved; tells whether it did.
   *
   * @throws {FileStoreError} `approval_denied`, or what the file store inside refuses
   */
  override async writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    const canonical = this.canonicalPath(path);
    if ((await this.statFile(workspaceId, canonical))?.isDirectory !== false) return false;
    const before = await this.#before(workspaceId, canonical, "write");
    if (before === undefined || !isExpected(before.content, before.encoding, expected)) return false;
    await this.#approveWrite(workspaceId, canonical, before, content, encoding);
    return await super.writeFileIfContentMatches(workspaceId, canonical, expected, content, encoding);
  }

  /**
   * Deletes a file or directory when that is approved; tells whether it did.
   *
   * @throws {FileStoreError} `approval_denied`, or what the file store inside refuses
   */
  override async deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    const canonical = this.canonicalPath(path);
    const stat = await this.statFile(workspaceId, canonical);
    if (stat === undefined || canonical === "/") return false;
    const { isDirectory, isReadonly } = stat;
    if (isReadonly) throw isReadOnly("delete", canonical);
    if (isDirectory && !recursive && (await this.listDirectory(workspaceId, canonical)).length > 0) return false;
    const isApproved = await this.#options.approveDelete({ workspaceId, path: canonical, isDirectory, recursive });
    if (isApproved !== true) throw isDenied("delete", canonical);
    return await super.deleteFile(workspaceId, canonical, recursive);
  }

  /** The file that would be replaced; undefined when there is none. */
  async #before(workspaceId: string, path: string, action: string): Promise<StoredFile | undefined> {
    const file = await this.#read(workspaceId, path);
    if (file?.isReadonly === true) throw isReadOnly(action, path);
    return file;
  }

  async #read(workspaceId: string, path: string): Promise<StoredFile | undefined> {
    try {
      return await this.readFile(workspaceId, path);
    } catch (error) {
      if (error instanceof FileStoreError && error.code === "file_not_found") return undefined;
      throw error;
    }
  }

  async #approveWrite(
    workspaceId: string,
    path: string,
    before: StoredFile | undefined,
    after: string,
    afterEncoding: FileEncoding,
  ): Promise<void> {
    const isApproved = await this.#options.approveWrite({
      workspaceId,
      path,
      before: before?.content ?? null,
      beforeEncoding: before?.encoding ?? "text",
      after,
      afterEncoding,
    });
    if (isApproved !== true) throw isDenied("write", path);
  }
}

function isDenied(action: string, path: string): FileStoreError {
  return new FileStoreError("approval_denied", path, `Cannot ${action} "${path}": it was not approved`);
}

function hasChanged(path: string): FileStoreError {
  return new FileStoreError(
    "file_changed",
    path,
    `Cannot write "${path}": it changed while approval was asked for; read it again`,
  );
}

function isReadOnly(action: string, path: string): FileStoreError {
  return new FileStoreError("file_read_only", path, `Cannot ${action} "${path}": it is read-only`);
}
