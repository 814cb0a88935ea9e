/** The tool port: what the kernel calls when the model asks. */

import type { JsonObject, JsonValue } from "../records/json.ts";
import type { CallId, OrgId, SessionId, TurnId } from "../records/ids.ts";
import type { ImagePart } from "../records/content.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { ToolDefinition, ToolResult } from "../records/tool.ts";
import type { ConnectionResolver } from "./connection_resolver.ts";
import type { SessionFiles } from "./file_store.ts";
import type { PlatformStore } from "./platform_store.ts";
import type { RunningTurn } from "./running_turn.ts";
import type { SessionScheduleStore } from "./schedule_store.ts";
import type { SessionStorageStore } from "./session_storage_store.ts";
import type { SessionTaskRegistry } from "./task_registry.ts";

/** What a tool may use while it runs. */
export interface ToolContext {
  /** The session. */
  readonly sessionId: SessionId;
  /** Keys the session's files. */
  readonly workspaceId: string;
  /** The organisation. */
  readonly organizationId: OrgId;
  /** The turn. */
  readonly turnId: TurnId;
  /** The call. */
  readonly toolCallId: CallId;
  /** Equal for every run of the same call, also after a crash: `session/turn/call`. */
  readonly idempotencyKey: string;
  /** Locale of the turn (BCP 47). */
  readonly locale: string | undefined;
  /** The instant the turn was accepted; milliseconds since the epoch. */
  readonly acceptedAt: number;
  /** Aborted as soon as the call is over for any reason: done, cancelled or timed out. */
  readonly signal: AbortSignal;
  /** The session's files. */
  readonly files: SessionFiles;
  /** The session's key-value and secret storage, if the host gave one. */
  readonly storage: SessionStorageStore | undefined;
  /** Finds the user's connections to outside services, if the host gave one. */
  readonly connections: ConnectionResolver | undefined;
  /** Background tasks of sessions, if the host keeps them. */
  readonly tasks: SessionTaskRegistry | undefined;
  /** Schedules of sessions, if the host keeps them. */
  readonly schedules: SessionScheduleStore | undefined;
  /** Other sessions, if the host lets tools reach them. */
  readonly platform: PlatformStore | undefined;
  /** The tools of this turn that the runtime runs, by name. */
  readonly tools: ReadonlyMap<string, Tool>;
  /** The network policy of the turn. */
  readonly networkAccess: NetworkAccess | undefined;
  /** The running turn; absent for a call outside of one. */
  readonly turn?: RunningTurn;
  /** Tells live subscribers how far the call is (`tool.progress`); at most 1,000 times a call. */
  progress(message: string, data?: JsonValue): void;
  /** Shows live subscribers a piece of output (`tool.output.delta`); at most 1 MiB a call. */
  output(delta: string, stream?: "stdout" | "stderr"): void;
  /** Tells live subscribers that the tool wrote a file of the session (`file.written`); `path` counts from the root. */
  fileWritten(path: string, operation: "create" | "update", sizeBytes: number): void;
  /**
   * Runs another tool of the turn as if the model had called it: with the hooks, its schema and its deadline.
   *
   * A tool that needs approval is refused, since nobody is asked. The inner call is over no later than this one, and
   * its result is recorded only as far as this one tells of it. Absent outside of a turn.
   */
  callTool?(name: string, args: JsonObject): Promise<ToolResult>;
}

/** Arguments that passed or failed a tool's schema. */
export type ParsedArguments =
  | {
    /** They fit. */
    readonly ok: true;
    /** What `execute` gets. */
    readonly value: unknown;
  }
  | {
    /** They do not fit. */
    readonly ok: false;
    /** What is wrong, for the model. */
    readonly message: string;
  };

/** What a tool printed in full, where its result has only part of it; hooks may store it aside. */
export interface RawOutput {
  /** What it printed; cut to 1 MiB by whoever stores it. */
  readonly stdout?: string;
  /** What it printed as errors. */
  readonly stderr?: string;
}

/** What running a tool came to. */
export type ToolOutcome =
  | {
    /** It worked. */
    readonly type: "success";
    /** Any value; it is written down as bounded JSON. */
    readonly value: unknown;
    /** Images that belong to the result. */
    readonly images?: readonly ImagePart[];
    /** The output in full; it goes to hooks only. */
    readonly rawOutput?: RawOutput;
  }
  | {
    /** It failed in a way the model may know. */
    readonly type: "error";
    /** For the model. */
    readonly message: string;
  }
  | {
    /** The user has to connect a service first. */
    readonly type: "connection_required";
    /** The service. */
    readonly provider: string;
    /** Whose account. */
    readonly subject?: string;
    /** Where to set it up. */
    readonly setupUrl?: string;
  };

/** A tool the runtime runs. */
export interface Tool {
  /** How it is offered to the model. */
  readonly definition: ToolDefinition;
  /**
   * Longest run, in milliseconds.
   *
   * @default {120000}
   */
  readonly timeoutMs?: number;
  /** Permissions it needs; absent means unknown. */
  readonly permissions?: PermissionNeeds;
  /** Checks the model's arguments. */
  parse(input: JsonValue): ParsedArguments | Promise<ParsedArguments>;
  /** Runs it; anything thrown that is not a `ToolError` is hidden from the model. */
  execute(args: unknown, context: ToolContext): ToolOutcome | Promise<ToolOutcome>;
  /**
   * Finds out what became of an interrupted call; undefined means unknown.
   *
   * Asked once on recovery for a started `at_most_once` call.
   */
  reconcile?(idempotencyKey: string, context: ToolContext): Promise<ToolOutcome | undefined>;
  /** Words for people about a call. */
  narrate?(args: JsonObject): string | undefined;
}
