/** Every error class and every stable code of the runtime. */

/**
 * Stable codes of failed turns and failed provider calls.
 *
 * They are part of the interface: a host may branch on them, and new ones may be added.
 */
export type FailureCode =
  | "budget_exhausted"
  | "budget_paused"
  | "soft_limit_reached"
  | "model_unavailable"
  | "request_too_large"
  | "provider_rate_limited"
  | "provider_misconfigured"
  | "provider_unavailable"
  | "provider_usage_limit_reached"
  | "provider_rejected_request"
  | "permission_missing"
  | "dependency_unavailable"
  | "driver_not_registered"
  | "model_not_configured"
  | "blocked_by_hook"
  | "checkpoint_unreadable"
  | "invalid_output"
  | "processing_error";

/** Options of {@linkcode RuntimeError}. */
export interface RuntimeErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Machine-readable details, for example the limit that was exceeded. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

/**
 * The base of every error the runtime throws on its own account.
 *
 * The message says what could not be done, why, and what to do. Bad arguments are `TypeError` (shape) or
 * `RangeError` (range) instead.
 */
export class RuntimeError extends Error {
  /** Stable identifier of the condition, in snake_case. */
  readonly code: string;
  /** Machine-readable details of the condition. */
  readonly fields: Readonly<Record<string, string | number>>;

  /** Creates an error with a stable code. */
  constructor(code: string, message: string, options: RuntimeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.fields = options.fields ?? {};
  }
}

/** The builder was given something it cannot build from (code `configuration`). */
export class ConfigurationError extends RuntimeError {
  /** Creates the error. */
  constructor(message: string, options: RuntimeErrorOptions = {}) {
    super("configuration", message, options);
  }
}

/** An id that names no stored record (codes `session_not_found`, `harness_not_found`, `agent_not_found`). */
export class NotFoundError extends RuntimeError {
  /** Creates the error for one kind of record. */
  constructor(kind: string, id: string, advice: string) {
    super(`${kind}_not_found`, `Cannot find ${kind} "${id}": ${advice}`);
  }
}

/** The runtime was closed before or during the call (code `runtime_closed`). */
export class RuntimeClosedError extends RuntimeError {
  /** Creates the error. */
  constructor(action: string) {
    super("runtime_closed", `Cannot ${action}: the runtime is closed; build a new one over the same backends`);
  }
}

/** Another living owner runs a turn of this session (code `session_busy`). */
export class SessionBusyError extends RuntimeError {
  /** The session. */
  readonly sessionId: string;
  /** The owner that holds the session's lease. */
  readonly holder: string;
  /** The process of that owner, when it is known. */
  readonly pid: number | undefined;

  /** Creates the error for a session and the owner holding it. */
  constructor(sessionId: string, holder: string, pid?: number) {
    const who = pid === undefined ? `owner "${holder}"` : `owner "${holder}" of process ${pid}`;
    super(
      "session_busy",
      `Cannot run a turn of session "${sessionId}": ${who} is running one; try again when it has ended`,
    );
    this.sessionId = sessionId;
    this.holder = holder;
    this.pid = pid;
  }
}

/** A step came from an owner whose lease was taken over (code `lease_lost`). */
export class LeaseLostError extends RuntimeError {
  /** Creates the error for a session and the fence that no longer holds. */
  constructor(sessionId: string, fence: number) {
    super(
      "lease_lost",
      `Cannot commit to session "${sessionId}": the lease with fence ${fence} is no longer held; acquire it again`,
    );
  }
}

/** A step did not follow the last committed one (code `sequence_conflict`). */
export class SequenceConflictError extends RuntimeError {
  /** Creates the error. */
  constructor(sessionId: string, expected: number, found: number) {
    super(
      "sequence_conflict",
      `Cannot commit to session "${sessionId}": expected last sequence ${expected} but found ${found}; acquire it again`,
    );
  }
}

/** An input with this idempotency key was accepted before (code `duplicate_input`). */
export class DuplicateInputError extends RuntimeError {
  /** The turn that took the first input with this key. */
  readonly turnId: string;

  /** Creates the error. */
  constructor(sessionId: string, key: string, turnId: string) {
    super(
      "duplicate_input",
      `Input with key "${key}" of session "${sessionId}" was accepted before by turn "${turnId}"`,
    );
    this.turnId = turnId;
  }
}

/** The session's open turn waits for client tool results or decisions (code `turn_waiting`). */
export class TurnWaitingError extends RuntimeError {
  /** The tool calls the turn waits for; those answered by `decisions` have `needsApproval`, as in `waitingFor`. */
  readonly calls: readonly { readonly id: string; readonly name: string; readonly needsApproval?: true }[];

  /** Creates the error. */
  constructor(sessionId: string, calls: TurnWaitingError["calls"]) {
    const names = calls.map((call) => `${call.name} (${call.id})`).join(", ");
    super(
      "turn_waiting",
      `Cannot start a turn of session "${sessionId}": its open turn waits for ${names}; call resumeTurn or cancelTurn first`,
    );
    this.calls = calls.map(({ id, name, needsApproval }) => needsApproval ? { id, name, needsApproval } : { id, name });
  }
}

/** A turn was asked to wait for itself (code `reentrant_turn`). */
export class ReentrantTurnError extends RuntimeError {
  /** Creates the error. */
  constructor(sessionId: string) {
    super(
      "reentrant_turn",
      `Cannot run a turn of session "${sessionId}" from inside one of its own turns: it would wait for itself; use steer()`,
    );
  }
}

/** A bounded queue is full (code `queue_full`). */
export class QueueFullError extends RuntimeError {
  /** Creates the error. */
  constructor(what: string, limit: number) {
    super("queue_full", `Cannot queue another ${what}: ${limit} are waiting; await some of them first`, {
      fields: { limit },
    });
  }
}

/** A store or journal of the host failed; `cause` is its error (code `store_failed`). */
export class StoreError extends RuntimeError {
  /** Creates the error. */
  constructor(action: string, cause: unknown) {
    super("store_failed", `Cannot ${action}: the store failed with: ${messageOf(cause)}`, { cause });
  }
}

/** A file operation was refused (codes `file_not_found`, `file_is_directory`, `file_read_only`, `path_invalid`, ...). */
export class FileStoreError extends RuntimeError {
  /** The path as the caller and the model know it. */
  readonly path: string;

  /** Creates the error. */
  constructor(code: string, path: string, message: string) {
    super(code, message);
    this.path = path;
  }
}

/**
 * A tool failed in a way the model may know (code `tool_error`).
 *
 * Its message becomes the call's result; the message of anything else a tool throws is hidden from the model.
 */
export class ToolError extends RuntimeError {
  /** Creates the error; the message is shown to the model. */
  constructor(message: string, options: RuntimeErrorOptions = {}) {
    super("tool_error", message, options);
  }
}

/** Options of {@linkcode ProviderError}. */
export interface ProviderErrorOptions extends RuntimeErrorOptions {
  /** HTTP status, when there was a response. */
  readonly status?: number;
  /**
   * Whether the same request may succeed later.
   *
   * @default {false}
   */
  readonly retryable?: boolean;
  /** Wait the provider asked for, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** A provider call failed; drivers throw it, the kernel turns it into a failed turn. */
export class ProviderError extends RuntimeError {
  /** HTTP status, when there was a response. */
  readonly status: number | undefined;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Wait the provider asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** Creates the error with one of the stable failure codes. */
  constructor(code: FailureCode, message: string, options: ProviderErrorOptions = {}) {
    super(code, message, options);
    this.status = options.status;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * The text of anything that was thrown, never throwing itself.
 *
 * A tool may throw a string, `null`, or an object whose `message` getter throws.
 */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message) || thrown.name;
    if (typeof thrown === "string") return thrown;
    if (thrown === null || thrown === undefined) return `thrown value ${String(thrown)}`;
    if (typeof thrown === "object" && "message" in thrown && typeof thrown.message === "string") {
      return thrown.message;
    }
    return String(thrown);
  } catch {
    return "an unprintable error";
  }
}
