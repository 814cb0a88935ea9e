/** A file store that remembers what files were before each turn, for `/undo`. */

import { FileStoreError, type RuntimeFileStore, type StoredFile } from "@everruns/runtime";
import { FileStoreDecorator } from "@everruns/runtime/local";
import { join } from "node:path";
import type { FileChange } from "./question.ts";

type FileEncoding = StoredFile["encoding"];

/** Content of a file; null when there is none. */
type Content = { readonly content: string; readonly encoding: FileEncoding } | null;

interface Change {
  readonly workspaceId: string;
  readonly before: Content;
  after: Content;
  /** Permissions of a file that was deleted: a write keeps those of the file it replaces. */
  mode: number | undefined;
}

interface Checkpoint {
  readonly changes: Map<string, Change>;
  /** Folders that were made, with the workspace each is of. */
  readonly folders: Map<string, string>;
  /** Characters kept. */
  size: number;
  /** Why it cannot be undone. */
  problem: string | undefined;
}

/** What undoing came to. */
export type UndoOutcome =
  | { readonly type: "undone"; readonly paths: readonly string[] }
  | { readonly type: "nothing" }
  | { readonly type: "refused"; readonly reason: string };

/** Turns that can be undone, and the characters all of them may keep. */
const MAX_CHECKPOINTS = 20;
const MAX_SIZE = 64 * 1024 * 1024;
/** Files one deletion may take along. */
const MAX_DELETED = 1_000;
const TAKEN_UP = "the turn began before the program was started again, and what it changed until then is not known";
/** Writes that are kept for those who show them. */
const MAX_RECENT = 32;

/** Keeps the content every changed file had; commands go past it, and so does everything after a restart. */
export class CheckpointFileStore extends FileStoreDecorator {
  readonly #checkpoints: Checkpoint[] = [];
  /** The newest writes in their order, for those who show them. */
  readonly #recent: FileChange[] = [];
  readonly #root: string;
  /** Whether a turn of an earlier process runs. */
  #isTakingUp = false;

  /** @param root real path of the workspace on the disk, for the permissions of its files */
  constructor(files: RuntimeFileStore, root: string) {
    super(files);
    this.#root = root;
  }

  /** A new turn begins: what changes from now on is undone together. */
  begin(): void {
    const last = this.#checkpoints.at(-1);
    const problem = this.#isTakingUp ? TAKEN_UP : undefined;
    if (last !== undefined && !hasWork(last) && last.problem === problem) return;
    this.#checkpoints.push({ ...emptyCheckpoint(), problem });
    while (this.#checkpoints.length > MAX_CHECKPOINTS) this.#checkpoints.shift();
  }

  /** Until it is told what came of it, turns count as begun by an earlier process, and cannot be undone. */
  beginTakingUp(): (tookUp: boolean) => void {
    this.#isTakingUp = true;
    this.begin();
    return (tookUp) => {
      this.#isTakingUp = false;
      if (tookUp) return;
      for (const checkpoint of this.#checkpoints) {
        if (checkpoint.problem === TAKEN_UP) checkpoint.problem = undefined;
      }
    };
  }

  /** The oldest write of a path that nobody took yet; only the newest writes are kept. */
  takeChange(path: string): FileChange | undefined {
    const wanted = shownPath(this.canonicalPath(path));
    const index = this.#recent.findIndex((change) => change.path === wanted);
    return index < 0 ? undefined : this.#recent.splice(index, 1)[0];
  }

  /** Gives the files of the last turn that changed any their content back; all of them, or none. */
  async undo(): Promise<UndoOutcome> {
    const index = this.#checkpoints.findLastIndex((each) => hasWork(each) || each.problem !== undefined);
    const checkpoint = this.#checkpoints[index];
    if (checkpoint === undefined) return { type: "nothing" };
    if (checkpoint.problem !== undefined) return { type: "refused", reason: checkpoint.problem };
    const changed: string[] = [];
    for (const [path, { workspaceId, after }] of checkpoint.changes) {
      const now = await this.#contentOf(workspaceId, path).catch(() => undefined);
      if (now === undefined || !isSame(now, after)) changed.push(path);
    }
    if (changed.length > 0) {
      return { type: "refused", reason: `changed since the agent wrote them: ${changed.map(shownPath).join(", ")}` };
    }
    const restored: string[] = [];
    for (const [path, change] of [...checkpoint.changes]) {
      try {
        await this.#restore(path, change);
      } catch (error) {
        const done = restored.length === 0 ? "nothing is restored" : `restored are only ${restored.join(", ")}`;
        return { type: "refused", reason: `${error instanceof Error ? error.message : String(error)}; ${done}` };
      }
      // The rest can be tried again.
      checkpoint.changes.delete(path);
      restored.push(shownPath(path));
    }
    restored.push(...await this.#removeFolders(checkpoint.folders));
    this.#checkpoints.splice(index);
    return { type: "undone", paths: restored };
  }

  override async writeFile(
    workspaceId: string,
    path: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    const before = await this.#keptOf(workspaceId, path);
    const missing = await this.#missingFolders(workspaceId, path);
    const created = await super.writeFile(workspaceId, path, content, encoding);
    this.#noteFolders(workspaceId, missing);
    this.#note(workspaceId, path, before, { content, encoding });
    return created;
  }

  override async writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    const before = await this.#keptOf(workspaceId, path);
    const wrote = await super.writeFileIfContentMatches(workspaceId, path, expected, content, encoding);
    if (wrote) this.#note(workspaceId, path, before, { content, encoding });
    return wrote;
  }

  override async createDirectory(workspaceId: string, path: string): Promise<void> {
    const missing = await this.#missingFolders(workspaceId, `${path}/x`);
    await super.createDirectory(workspaceId, path);
    this.#noteFolders(workspaceId, missing);
  }

  override async deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    const canonical = this.canonicalPath(path);
    const files = new Map<string, Content | undefined>();
    const isComplete = await this.#collect(workspaceId, canonical, files);
    const modes = new Map([...files.keys()].map((file) => [file, this.#modeOf(this.canonicalPath(file))]));
    const deleted = await super.deleteFile(workspaceId, path, recursive);
    if (!deleted) return false;
    if (!isComplete) this.#spoil(`it deleted ${shownPath(canonical)} with more than ${MAX_DELETED} files in it`);
    for (const [file, before] of files) this.#note(workspaceId, file, before, null, modes.get(file));
    return true;
  }

  /** The files at and under a path; false when there are too many. */
  async #collect(workspaceId: string, path: string, files: Map<string, Content | undefined>): Promise<boolean> {
    const stat = await this.statFile(workspaceId, path);
    if (stat === undefined) return true;
    if (!stat.isDirectory) {
      files.set(path, await this.#keptOf(workspaceId, path));
      return files.size <= MAX_DELETED;
    }
    for (const entry of await this.listDirectory(workspaceId, path)) {
      if (!await this.#collect(workspaceId, entry.path, files)) return false;
    }
    return true;
  }

  async #restore(path: string, { workspaceId, before, after, mode }: Change): Promise<void> {
    if (before === null) return void await super.deleteFile(workspaceId, path, false);
    const { content, encoding } = before;
    if (after?.encoding !== "text") await super.writeFile(workspaceId, path, content, encoding);
    // In one act: whoever writes the file after it was looked at keeps what they wrote.
    else if (!await super.writeFileIfContentMatches(workspaceId, path, after.content, content, encoding)) {
      throw new Error(`${shownPath(path)} changed since the agent wrote it`);
    }
    if (mode !== undefined && this.#modeOf(path) !== undefined) Deno.chmodSync(this.#hostPath(path), mode);
  }

  /** Takes away those that are empty, the innermost first; gives what went. */
  async #removeFolders(folders: ReadonlyMap<string, string>): Promise<string[]> {
    const removed: string[] = [];
    for (const [path, workspaceId] of [...folders].sort(([a], [b]) => b.length - a.length)) {
      // What the user put in stays, and so does its folder.
      const isGone = await super.deleteFile(workspaceId, path, false).catch(() => false);
      if (isGone) removed.push(`${shownPath(path)}/`);
    }
    return removed;
  }

  /** The folders a write of a path would make. */
  async #missingFolders(workspaceId: string, path: string): Promise<string[]> {
    const missing: string[] = [];
    try {
      for (let at = parentOf(this.canonicalPath(path)); at !== ""; at = parentOf(at)) {
        if (await this.statFile(workspaceId, at) !== undefined) break;
        missing.push(at);
      }
    } catch {
      // The write itself says what is wrong with the path.
    }
    return missing;
  }

  #noteFolders(workspaceId: string, paths: readonly string[]): void {
    const { folders } = this.#current();
    for (const path of paths) folders.set(path, workspaceId);
  }

  /** Permissions of a file on the disk; undefined when there is none. */
  #modeOf(path: string): number | undefined {
    try {
      const info = Deno.lstatSync(this.#hostPath(path));
      return info.isFile && info.mode !== null ? info.mode & 0o777 : undefined;
    } catch {
      return undefined;
    }
  }

  #hostPath(canonical: string): string {
    return join(this.#root, canonical);
  }

  /** What a file holds before a change; undefined when it cannot be kept, which must not hinder the change. */
  async #keptOf(workspaceId: string, path: string): Promise<Content | undefined> {
    return await this.#contentOf(workspaceId, path).catch(() => undefined);
  }

  async #contentOf(workspaceId: string, path: string): Promise<Content> {
    try {
      const { content, encoding } = await this.readFile(workspaceId, path);
      return { content, encoding };
    } catch (error) {
      if (error instanceof FileStoreError && error.code === "file_not_found") return null;
      throw error;
    }
  }

  #note(workspaceId: string, path: string, before: Content | undefined, after: Content, mode?: number): void {
    const checkpoint = this.#current();
    const canonical = this.canonicalPath(path);
    if (before === undefined) return this.#spoil(`what ${shownPath(canonical)} was before could not be kept`);
    const known = checkpoint.changes.get(canonical);
    if (known === undefined) checkpoint.changes.set(canonical, { workspaceId, before, after, mode });
    else {
      known.after = after;
      // Later ones are those of what the turn itself wrote in its place.
      known.mode ??= mode;
    }
    this.#recent.push({ path: shownPath(canonical), before: shownText(before), after: shownText(after) });
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    checkpoint.size += (before?.content.length ?? 0) + (after?.content.length ?? 0);
    if (this.#checkpoints.reduce((sum, { size }) => sum + size, 0) <= MAX_SIZE) return;
    // The oldest go first; a turn that is too large by itself cannot be undone.
    if (this.#checkpoints.length > 1) this.#checkpoints.shift();
    else this.#spoil("it changed more than can be kept");
  }

  #spoil(problem: string): void {
    const checkpoint = this.#current();
    checkpoint.problem = problem;
    checkpoint.changes.clear();
    checkpoint.folders.clear();
    checkpoint.size = 0;
  }

  #current(): Checkpoint {
    if (this.#checkpoints.length === 0) this.begin();
    return this.#checkpoints.at(-1) ?? emptyCheckpoint();
  }
}

function emptyCheckpoint(): Checkpoint {
  return { changes: new Map(), folders: new Map(), size: 0, problem: undefined };
}

function hasWork({ changes, folders }: Checkpoint): boolean {
  return changes.size > 0 || folders.size > 0;
}

/** The folder a canonical path lies in; empty for the root. */
function parentOf(canonical: string): string {
  return canonical.slice(0, canonical.lastIndexOf("/"));
}

function shownPath(canonical: string): string {
  return canonical.slice(1);
}

function shownText(content: Content): string | null {
  return content === null || content.encoding === "text" ? content?.content ?? null : "(binary)";
}

function isSame(a: Content, b: Content): boolean {
  return a === null || b === null ? a === b : a.content === b.content && a.encoding === b.encoding;
}
