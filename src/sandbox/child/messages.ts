/** What the host and the child process say to each other: one JSON object a line. */

import type { JsonValue } from "../../records/json.ts";

/** Deno permissions of a worker; what is not named is none. */
export type WorkerPermissions = "none" | {
  /** Paths it may read. */
  readonly read?: readonly string[] | true;
  /** Paths it may write. */
  readonly write?: readonly string[] | true;
  /** `host` or `host:port` it may connect to. */
  readonly net?: readonly string[] | true;
};

/** The first line the supervisor gets. */
export interface SupervisorJob {
  /** Source of the module the worker runs. */
  readonly program: string;
  /** What the worker may do. */
  readonly permissions: WorkerPermissions;
  /** Bytes the process may take beyond what it takes before the worker starts. */
  readonly memoryBytes: number;
  /** Milliseconds the worker may run. */
  readonly timeoutMs: number;
  /** Characters the worker may say. */
  readonly maxCharacters: number;
}

/** What the worker's program is to do. */
export interface WorkerTask {
  /** Source of a module whose default export is called; absent when a module was imported already. */
  readonly source?: string;
  /** Whether the function gets `(tools, console)` rather than `(args)`. */
  readonly isCode: boolean;
  /** Arguments for a function that is no code. */
  readonly args: JsonValue;
  /** Names of the tools it may call. */
  readonly tools: readonly string[];
  /** Characters of its console output that are kept. */
  readonly maxLogCharacters: number;
  /** Characters of the value it may return, as JSON. */
  readonly maxResultCharacters: number;
}

/** A line of the child. */
export type ChildMessage =
  | { readonly type: "log"; readonly stream: "stdout" | "stderr"; readonly text: string }
  | { readonly type: "call"; readonly id: number; readonly name: string; readonly args: JsonValue }
  | { readonly type: "done"; readonly value: JsonValue }
  | { readonly type: "failed"; readonly message: string };

/** A line for the child after the first: the answer to a call. */
export type CallAnswer =
  | { readonly id: number; readonly ok: true; readonly value: JsonValue }
  | { readonly id: number; readonly ok: false; readonly error: string };

/** How the supervisor says which limit was reached. */
export interface ExitCodes {
  /** The code ran too long. */
  readonly time: number;
  /** The process took too much memory. */
  readonly memory: number;
  /** The code said too much. */
  readonly output: number;
  /** The host is gone. */
  readonly orphan: number;
}

/** Codes that code in the worker cannot end the process with. */
export const EXIT_CODES: ExitCodes = Object.freeze({ time: 91, memory: 92, output: 93, orphan: 94 });
