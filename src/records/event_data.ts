/** The data of every event type. */

import type { JsonObject, JsonValue } from "./json.ts";
import type { AgentId, CallId, HarnessId, MessageId, TaskId, TurnId } from "./ids.ts";
import type { ImagePart } from "./content.ts";
import type { ErrorDisclosure, Message } from "./message.ts";
import type { Usage } from "./usage.ts";
import type { TriggeredSchedule } from "./schedule.ts";
import type { StopReason, TurnFacts } from "./turn.ts";
import type { ToolStatus } from "./tool.ts";

/** Words for people about a call that is made. */
export interface CallSummary {
  /** The call. */
  readonly id: CallId;
  /** The tool. */
  readonly name: string;
  /** The tool's name for people. */
  readonly displayName?: string;
  /** What is being done. */
  readonly narration?: string;
  /** Whether the turn waits for a decision about it, and not for a result. */
  readonly needsApproval?: true;
}

/** One record of `capability.usage`. */
export interface CapabilityUsage {
  /** The capability. */
  readonly capabilityId: string;
  /** What happened to it. */
  readonly usageKind: "resolved" | "exposed" | "invoked";
  /** Tools it exposes. */
  readonly toolNames?: readonly string[];
}

/** Settings of one model call, as `llm.generation` records them. */
export interface GenerationMetadata {
  /** Model that was asked. */
  readonly model: string;
  /** Driver that asked it. */
  readonly provider: string;
  /** Tokens and cost. */
  readonly usage?: Usage;
  /** How long it took. */
  readonly durationMs: number;
  /** How long the first text took. */
  readonly timeToFirstTokenMs?: number;
  /** Whether it came to a complete reply. */
  readonly success: boolean;
  /** Why not. */
  readonly error?: string;
  /** Why the model stopped. */
  readonly finishReason?: string;
  /** The provider's id of the response. */
  readonly responseId?: string;
  /** Tries that failed before, and the time waited. */
  readonly retry?: {
    /** Failed tries. */
    readonly attempts: number;
    /** Milliseconds waited between tries. */
    readonly totalWaitMs: number;
  };
}

/**
 * The data of each event type.
 *
 * Types marked *live* are ephemeral: never stored, without a sequence. The others are durable.
 */
export interface EventDataMap {
  /** A message came in. */
  readonly "input.message": {
    /** The message, its only stored copy. */
    readonly message: Message;
  };
  /** A turn makes the session active. */
  readonly "session.activated": { readonly turnId: TurnId; readonly inputMessageId: MessageId };
  /** A turn ended and the session rests. */
  readonly "session.idled": { readonly turnId: TurnId; readonly iterations?: number; readonly usage?: Usage };
  /** Live: a session was created. */
  readonly "session.started": { readonly harnessId: HarnessId; readonly agentId?: AgentId };
  /** A turn was accepted. */
  readonly "turn.started": {
    readonly turnId: TurnId;
    readonly inputMessageId: MessageId;
    /** Facts every request of the turn uses. */
    readonly facts: TurnFacts;
  };
  /** A turn ended well. */
  readonly "turn.completed": {
    readonly turnId: TurnId;
    readonly iterations: number;
    readonly durationMs: number;
    readonly usage: Usage;
    readonly stopReason: StopReason;
    readonly finalMessageId?: MessageId;
    /** First 2,000 characters of the answer. */
    readonly finalAnswerPreview?: string;
    /** Name of the form the final answer was asked to have, and has. */
    readonly outputFormat?: string;
    readonly timeToFirstTokenMs?: number;
    readonly toolCallCount: number;
    readonly toolCallsActed: number;
    readonly llmCallCount: number;
  };
  /** A turn ended with an error. */
  readonly "turn.failed": {
    readonly turnId: TurnId;
    /** What a user may be told. */
    readonly error: string;
    readonly errorCode: string;
    readonly errorFields?: Readonly<Record<string, string | number>>;
    readonly errorDisclosure: ErrorDisclosure;
    readonly iterations: number;
    readonly usage: Usage;
  };
  /** A guard ended a turn. */
  readonly "turn.sealed": {
    readonly turnId: TurnId;
    readonly reason: string;
    readonly detail?: string;
    readonly iterations: number;
    readonly usage: Usage;
  };
  /** A turn was cancelled. */
  readonly "turn.cancelled": {
    readonly turnId: TurnId;
    readonly reason?: string;
    readonly iterations: number;
    readonly usage: Usage;
  };
  /** A turn waits for client tool results or decisions. */
  readonly "turn.waiting": { readonly turnId: TurnId; readonly calls: readonly CallSummary[] };
  /** Live: a model is about to be asked. */
  readonly "reason.started": {
    readonly turnId: TurnId;
    readonly iteration: number;
    readonly harnessId: HarnessId;
    readonly agentId?: AgentId;
  };
  /** A reason step ended. */
  readonly "reason.completed": {
    readonly turnId: TurnId;
    readonly success: boolean;
    /** First 200 characters of the text. */
    readonly textPreview?: string;
    readonly hasToolCalls: boolean;
    readonly toolCallCount: number;
    readonly error?: string;
    readonly durationMs: number;
    readonly usage?: Usage;
  };
  /** A turn of a dead owner goes on. */
  readonly "reason.recovered": { readonly turnId: TurnId; readonly mode: "restart" | "act" };
  /** Live: thinking begins. */
  readonly "reason.thinking.started": { readonly turnId: TurnId };
  /** Live: a piece of thinking. */
  readonly "reason.thinking.delta": {
    readonly turnId: TurnId;
    readonly delta: string;
    /** Characters before the piece. */
    readonly offset: number;
  };
  /** Live: thinking ended; the text is in the message. */
  readonly "reason.thinking.completed": { readonly turnId: TurnId };
  /** Live: an opaque reasoning item; its stored copy is in the message. */
  readonly "reason.item": { readonly turnId: TurnId; readonly provider: string; readonly itemId?: string };
  /** Live: an answer begins. */
  readonly "output.message.started": {
    readonly turnId: TurnId;
    readonly messageId: MessageId;
    readonly iteration: number;
  };
  /** Live: a piece of the answer. */
  readonly "output.message.delta": {
    readonly turnId: TurnId;
    readonly messageId: MessageId;
    readonly delta: string;
    /** Characters of the answer before the piece. */
    readonly offset: number;
  };
  /** Live: forget the pieces so far; the answer goes on as `replacement`. */
  readonly "output.message.replaced": {
    readonly turnId: TurnId;
    readonly messageId: MessageId;
    /** `retry`, or what a guardrail says. */
    readonly reasonCode: string;
    readonly replacement: string;
    readonly guardrailId?: string;
    readonly guardrailCapabilityId?: string;
  };
  /** The model's complete message. */
  readonly "output.message.completed": {
    readonly turnId: TurnId;
    /** The message, its only stored copy. */
    readonly message: Message;
    readonly usage?: Usage;
    readonly errorCode?: string;
  };
  /** Ids, counts, hashes and usage of a model call; never the transcript. */
  readonly "llm.generation": {
    readonly turnId: TurnId;
    readonly messageId?: MessageId;
    readonly messageCount: number;
    /** SHA-256 of the system prompt, in hex. */
    readonly systemPromptHash?: string;
    readonly toolNames: readonly string[];
    readonly toolCallIds: readonly CallId[];
    readonly metadata: GenerationMetadata;
  };
  /** Live: tool calls are about to run. */
  readonly "act.started": {
    readonly turnId: TurnId;
    readonly toolCalls: readonly CallSummary[];
    readonly headline?: string;
  };
  /** All calls of a message have results. */
  readonly "act.completed": {
    readonly turnId: TurnId;
    readonly completed: boolean;
    readonly successCount: number;
    readonly errorCount: number;
    readonly durationMs: number;
    readonly headline?: string;
  };
  /** A call starts; durable only for `at_most_once` tools. */
  readonly "tool.started": {
    readonly turnId: TurnId;
    readonly toolCallId: CallId;
    readonly toolName: string;
    /** SHA-256 of the tool's name and effective arguments, on durable marks. */
    readonly toolCallFingerprint?: string;
    readonly displayName?: string;
    readonly narration?: string;
  };
  /** A call ended; its only stored result. */
  readonly "tool.completed": {
    readonly turnId: TurnId;
    /** Id of the message the result becomes. */
    readonly messageId: MessageId;
    readonly toolCallId: CallId;
    readonly toolName: string;
    readonly success: boolean;
    readonly status: ToolStatus;
    readonly result?: JsonValue;
    readonly error?: string;
    readonly images?: readonly ImagePart[];
    readonly durationMs?: number;
    readonly displayName?: string;
    readonly capabilityId?: string;
    readonly narration?: string;
    /** Set when the result was cut to its cap. */
    readonly truncated?: boolean;
    readonly connectionRequired?: JsonObject;
  };
  /** Live: a running call reports. */
  readonly "tool.progress": {
    readonly turnId: TurnId;
    readonly toolCallId: CallId;
    readonly toolName: string;
    readonly message: string;
    readonly data?: JsonValue;
  };
  /** Live: a running call prints. */
  readonly "tool.output.delta": {
    readonly turnId: TurnId;
    readonly toolCallId: CallId;
    readonly toolName: string;
    readonly delta: string;
    readonly stream: "stdout" | "stderr";
  };
  /** Calls the client has to run. */
  readonly "tool.call_requested": { readonly turnId: TurnId; readonly toolCalls: readonly CallSummary[] };
  /** Somebody decided about a call that needs approval. */
  readonly "tool.decided": {
    readonly turnId: TurnId;
    readonly toolCallId: CallId;
    readonly approved: boolean;
    readonly reason?: string;
    /** SHA-256 of the tool's name and the arguments that were decided about. */
    readonly toolCallFingerprint?: string;
  };
  /** A malformed call was mended or given up. */
  readonly "tool.call_repaired": {
    readonly turnId: TurnId;
    readonly toolCallId: CallId;
    readonly toolName: string;
    readonly outcome: "local_salvage" | "re_prompt" | "gave_up";
  };
  /** An interrupted call was closed. */
  readonly "transcript.repaired": {
    readonly turnId: TurnId;
    readonly toolCallId: CallId;
    readonly toolName: string;
    readonly action: "replay" | "synthesize";
  };
  /** Live: which capabilities a request carries. */
  readonly "capability.usage": { readonly turnId: TurnId; readonly records: readonly CapabilityUsage[] };
  /** Live: a capability was switched on or off in the running session. */
  readonly "session.capability.changed": { readonly capabilityId: string; readonly active: boolean };
  /** Live: the model wrote the session's title, or a host told so with `announce()`. */
  readonly "session.title.updated": { readonly title: string };
  /**
   * Live: a task was stored; its `SessionTask` as JSON.
   *
   * As all `task.*` events it tells of changes this process makes to the registry the runtime was built over, after each
   * is stored and in the order of the changes of the task. Those of other processes are not seen: `list()` of the registry
   * has them. Of several runtimes over one registry the one built last has the events, as it has the wakes. A record
   * is cut to 64 KiB, its `spec` first; secrets of its webhooks and keys of models are taken out.
   */
  readonly "task.created": { readonly task: JsonObject };
  /** Live: a task changed; all of it as it is now, as in `task.created`. An update that was dropped changes nothing. */
  readonly "task.updated": { readonly task: JsonObject };
  /** Live: a message to a task was stored; its `TaskMessage` as JSON. */
  readonly "task.message.sent": { readonly taskId: TaskId; readonly message: JsonObject };
  /** Live: a message from a task was stored, likewise. */
  readonly "task.message.received": { readonly taskId: TaskId; readonly message: JsonObject };
  /**
   * Live: the schedule runner of this process delivered a schedule's text, once for each occurrence.
   *
   * The input it became, if no route of the host took it, has `schedule:<id>:<occurrence>` as `metadata.wake`. Also here
   * the runtime built last has the event.
   */
  readonly "schedule.triggered": { readonly schedule: TriggeredSchedule };
  /** Compaction begins. */
  readonly "context.compacting": {
    readonly reason: string;
    readonly strategy: string;
    readonly messagesBefore: number;
  };
  /** Compaction ended. */
  readonly "context.compacted": {
    readonly strategyUsed: string;
    readonly messagesBefore: number;
    readonly messagesAfter: number;
    readonly durationMs: number;
    readonly steps: readonly JsonObject[];
  };
  /** Live: a tool wrote a file. */
  readonly "file.written": {
    readonly path: string;
    readonly operation: "create" | "update";
    readonly sizeBytes: number;
  };
  /** A budget is nearly used up. */
  readonly "budget.warning": JsonObject;
  /** A budget paused the session. */
  readonly "budget.paused": JsonObject;
  /** A budget is used up. */
  readonly "budget.exhausted": JsonObject;
  /** A budget allows work again. */
  readonly "budget.resumed": JsonObject;
  /** Live: something the host should know, such as a skipped MCP server. */
  readonly "runtime.warning": { readonly code: string; readonly message: string };
  /** Live: this subscriber fell behind; ephemeral events after `after` are lost, durable ones follow. */
  readonly "subscription.gap": { readonly after: number; readonly reason: string };
}
