/** Typed ids: a kind, an underscore and 32 lowercase hex digits (the bytes of a UUIDv7). */

/** Names a session. */
export type SessionId = `session_${string}`;
/** Names a harness. */
export type HarnessId = `harness_${string}`;
/** Names an agent. */
export type AgentId = `agent_${string}`;
/** Names a message. */
export type MessageId = `message_${string}`;
/** Names a turn. */
export type TurnId = `turn_${string}`;
/** Names one execution of a reason or act step. */
export type ExecId = `exec_${string}`;
/** Names an event. */
export type EventId = `event_${string}`;
/** Names a configured model. */
export type ModelId = `model_${string}`;
/** Names a tool call; minted by the runtime, never the provider's id. */
export type CallId = `call_${string}`;
/** Names a stored image. */
export type ImageId = `img_${string}`;
/** Names a schedule. */
export type ScheduleId = `sched_${string}`;
/** Names a background task. */
export type TaskId = `task_${string}`;
/** Names a message of a task's thread. */
export type TaskMessageId = `tmsg_${string}`;
/** Names an organisation. */
export type OrgId = `org_${string}`;

/** The id type of each kind. */
export interface IdKinds {
  /** A session. */
  readonly session: SessionId;
  /** A harness. */
  readonly harness: HarnessId;
  /** An agent. */
  readonly agent: AgentId;
  /** A message. */
  readonly message: MessageId;
  /** A turn. */
  readonly turn: TurnId;
  /** One execution of a step. */
  readonly exec: ExecId;
  /** An event. */
  readonly event: EventId;
  /** A configured model. */
  readonly model: ModelId;
  /** A tool call. */
  readonly call: CallId;
  /** A stored image. */
  readonly img: ImageId;
  /** A schedule. */
  readonly sched: ScheduleId;
  /** A background task. */
  readonly task: TaskId;
  /** A message of a task. */
  readonly tmsg: TaskMessageId;
  /** An organisation. */
  readonly org: OrgId;
}

/** The kinds of ids, which are also their prefixes. */
export type IdKind = keyof IdKinds;

/** The organisation of a runtime that was given none. */
export const DEFAULT_ORG_ID: OrgId = "org_00000000000000000000000000000001";

const HEX = /^[0-9a-f]{32}$/;

/** Tells whether a value is an id of one kind. */
export function isId<K extends IdKind>(kind: K, value: unknown): value is IdKinds[K] {
  return typeof value === "string" && value.startsWith(`${kind}_`) && HEX.test(value.slice(kind.length + 1));
}

/**
 * Checks that a value is an id of one kind and returns it.
 *
 * @throws {TypeError} when it is anything else, naming the value and the wanted form
 */
export function parseId<K extends IdKind>(kind: K, value: unknown): IdKinds[K] {
  if (isId(kind, value)) return value;
  const shown = typeof value === "string" ? `"${value.slice(0, 80)}"` : String(value);
  throw new TypeError(`Cannot use ${shown} as a ${kind} id: expected "${kind}_" and 32 lowercase hex digits`);
}

/**
 * A deterministic id for tests and seeds.
 *
 * @throws {RangeError} when the seed is not a whole number of 0 or more
 */
export function idFromSeed<K extends IdKind>(kind: K, seed: number): IdKinds[K] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`Cannot use ${seed} as a seed: expected a whole number`);
  }
  return parseId(kind, `${kind}_${seed.toString(16).padStart(32, "0")}`);
}
