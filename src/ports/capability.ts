/** The capability port: a named bundle a layer may switch on. */

import type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
import type { ErrorDisclosure, InputMessage, Message } from "../records/message.ts";
import type { InitialFile } from "../records/initial_file.ts";
import type { ModelProfile } from "../records/model.ts";
import type { McpServers } from "../records/mcp.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { Session } from "../records/session.ts";
import type { ToolCall, ToolDefinition, ToolResult } from "../records/tool.ts";
import type { TurnFailure, TurnResult } from "../records/turn.ts";
import type { SessionFiles } from "./file_store.ts";
import type { ApprovalDecision, CallProblem, CallRepair, ModelCallDecision, ModelOutput } from "./model_hooks.ts";
import type { ModelViewRequest, OutputDecision } from "./model_hooks.ts";
import type { RunningTurn, SideModelReply, SideModelRequest } from "./running_turn.ts";
import type { MessageQuery } from "./stores.ts";
import type { RawOutput, Tool, ToolContext } from "./tool.ts";

/** What a capability's functions are told. */
export interface CapabilityContext {
  /** The session. */
  readonly session: Session;
  /** The configuration the layers gave the capability. */
  readonly config: JsonObject;
  /** The resolved locale. */
  readonly locale: string | undefined;
  /** The provider's name of the model, when one is resolved. */
  readonly model: string | undefined;
  /** The session's files. */
  readonly files: SessionFiles;
  /** The instant the turn was accepted; milliseconds since the epoch. */
  readonly now: number;
  /** The running turn, for hooks and model views; absent for prompts, facts and commands, and in a preview. */
  readonly turn?: RunningTurn;
}

/** What a capability's functions are told during a turn. */
export interface TurnCapabilityContext extends CapabilityContext {
  /** The running turn. */
  readonly turn: RunningTurn;
}

/** What a hook says about a prompt. */
export type PromptDecision =
  | { readonly action: "allow" }
  | {
    readonly action: "block";
    /** For the user. */
    readonly reason: string;
  }
  | {
    readonly action: "rewrite";
    /** What is sent to the model instead. */
    readonly text: string;
  };

/** What a hook says about a call. */
export type ToolUseDecision =
  | { readonly action: "allow" }
  | {
    readonly action: "block";
    /** For the model. */
    readonly reason: string;
  }
  | {
    readonly action: "rewrite";
    /** What the tool gets instead. */
    readonly arguments: JsonValue;
  };

/** What a hook is told about a finished call besides its result. */
export interface ToolUseDetails {
  /** The configuration of the hook's own capability. */
  readonly config: JsonObject;
  /** The output in full, where the result has only part of it. */
  readonly rawOutput?: RawOutput;
}

/**
 * Functions called around the steps of a turn; each runs at least once, so it must bear being repeated.
 *
 * `config` is the configuration the layers gave the capability.
 */
export interface CapabilityHooks {
  /** Before the input is accepted. */
  userPromptSubmit?(
    input: InputMessage,
    context: CapabilityContext,
  ): PromptDecision | Promise<PromptDecision>;
  /**
   * After the call is recorded, once for each call of a tool the runtime runs; `deny` wins over `ask` over `allow`.
   *
   * What it decides is stored with the call and a hash of its arguments: a call whose arguments a hook or a repair
   * changes afterwards does not run. Without an answer in time the turn waits; a hook that throws denies. Where all
   * abstain the tool's own policy counts.
   */
  approveCall?(
    call: ToolCall,
    tool: ToolDefinition,
    context: TurnCapabilityContext,
  ): ApprovalDecision | Promise<ApprovalDecision>;
  /** After the call is recorded, before it starts; the first block wins. */
  preToolUse?(
    call: ToolCall,
    tool: ToolDefinition,
    context: ToolContext,
    config: JsonObject,
  ): ToolUseDecision | Promise<ToolUseDecision>;
  /** After a call, before its result is recorded; returns the result to record. */
  postToolUse?(
    call: ToolCall,
    result: ToolResult,
    context: ToolContext,
    details: ToolUseDetails,
  ): ToolResult | Promise<ToolResult>;
  /** Before the turn is closed. */
  turnEnd?(result: TurnResult, context: CapabilityContext): void | Promise<void>;
  /**
   * When the runtime closes and its turns have ended, for each session it took an input of, with the context of the newest
   * one. A hook that fails or takes too long (`limits.hookMs`) keeps nothing from closing, and nobody is told.
   */
  sessionEnd?(context: CapabilityContext): void | Promise<void>;
  /**
   * Rewrites the offered tools, for every request anew.
   *
   * `messages` is the stored conversation: what it revealed may be offered. `profile` is what is known about the model;
   * absent where tools are only looked at. Tools that are left out can still be called.
   */
  toolDefinitions?(
    tools: readonly ToolDefinition[],
    context: CapabilityContext,
    messages: readonly Message[],
    profile?: ModelProfile,
  ): readonly ToolDefinition[];
  /** Before every model call of a turn; the first `stop` seals the turn, and so does a hook that fails. */
  beforeModelCall?(context: TurnCapabilityContext): ModelCallDecision | Promise<ModelCallDecision>;
  /**
   * About the answer: while it is streamed, each time it has grown by an eighth and 200 characters at least, and once
   * when it is complete. The first `replace` counts; a hook that fails withholds the answer.
   */
  outputGuard?(output: ModelOutput, context: TurnCapabilityContext): OutputDecision | Promise<OutputDecision>;
  /**
   * About a call whose arguments cannot be used; the first answer that is not `give_up` counts.
   *
   * Never asked about a tool that needs approval: what runs is what was approved.
   */
  repairCall?(
    call: ToolCall,
    problem: CallProblem,
    context: ToolContext,
    config: JsonObject,
  ): CallRepair | Promise<CallRepair>;
  /** After the last try of a model call failed; may change what the user is told. */
  llmError?(failure: TurnFailure, context: CapabilityContext): string | undefined | Promise<string | undefined>;
}

/** A slash-type command. */
export interface Command {
  /** Its name, without a slash. */
  readonly name: string;
  /** What it does. */
  readonly description: string;
  /** Its arguments for people, such as `<question>`. */
  readonly usage?: string;
  /** Runs it; never part of the conversation. */
  execute(args: string, context: CommandContext): CommandResult | Promise<CommandResult>;
}

/** What a command may use. */
export interface CommandContext extends CapabilityContext {
  /** The conversation so far. */
  messages(): Promise<readonly Message[]>;
  /**
   * Asks the model beside the conversation: no tools, and nothing of it is stored or counted.
   *
   * @throws {ProviderError} when the provider fails
   */
  complete(request: SideModelRequest): Promise<SideModelReply>;
  /** Aborted when the caller no longer waits. */
  readonly signal: AbortSignal;
}

/** What a command came to. */
export interface CommandResult {
  /** For the user. */
  readonly output: string;
  /** For programs. */
  readonly data?: JsonValue;
}

/** A prompt-only rewriting of the conversation; storage is untouched. */
export interface ModelView {
  /** Lower runs earlier. */
  readonly priority: number;
  /**
   * Whether it can make a request smaller that the provider refused as too large.
   *
   * The request is then built once more with `reason: "too_large"` and sent once more.
   *
   * @default {false}
   */
  readonly shrinks?: boolean;
  /** The messages the model gets instead; calls and their results must stay together. */
  apply(
    messages: readonly Message[],
    context: CapabilityContext,
    request: ModelViewRequest,
  ): readonly Message[] | Promise<readonly Message[]>;
}

/** A named bundle a layer may switch on; every member but id and name may be left out. */
export interface Capability {
  /** Its id, in snake_case. */
  readonly id: string;
  /** Other ids that mean it. */
  readonly aliases?: readonly string[];
  /** Name for people. */
  readonly name: string;
  /** What it does. */
  readonly description?: string;
  /** Only an available one is used. @default {"available"} */
  readonly status?: "available" | "coming_soon" | "deprecated" | "disabled";
  /** Group for people. */
  readonly category?: string;
  /** How much harm it may do. */
  readonly riskLevel?: "low" | "medium" | "high";
  /**
   * Text for the system prompt, wrapped in a block with its id.
   *
   * Text is cached; a function runs once per turn.
   */
  readonly systemPrompt?:
    | string
    | ((context: CapabilityContext) => string | undefined | Promise<string | undefined>);
  /** Text that changes from turn to turn, placed after the conversation. */
  readonly facts?: (context: CapabilityContext) => string | undefined | Promise<string | undefined>;
  /** Tools the runtime runs; a function gets the configuration, and all capabilities of the session. */
  readonly tools?: readonly Tool[] | ((config: JsonObject, session: readonly Capability[]) => readonly Tool[]);
  /** Tools the client runs. */
  readonly clientTools?: readonly ToolDefinition[];
  /** Files written when a session is created. */
  readonly files?: readonly InitialFile[];
  /** Ids of capabilities it needs; they are resolved first. */
  readonly dependencies?: readonly string[];
  /** Names a user interface may look for. */
  readonly features?: readonly string[];
  /** JSON Schema of its configuration, for user interfaces; what checks one is `validateConfig`. */
  readonly configSchema?: JsonSchema;
  /**
   * Checks a configuration; returns what is wrong, for people.
   *
   * `activateCapability()` then refuses it. In a layer it becomes a `runtime.warning`, and the capability gets the
   * configuration all the same.
   */
  validateConfig?(config: JsonObject): string | undefined;
  /** MCP servers it brings; explicit ones of the same name win. */
  readonly mcpServers?: McpServers;
  /** Narrows what history is loaded. */
  messageFilter?(query: MessageQuery, config: JsonObject): MessageQuery;
  /** Rewrites what the model sees. */
  readonly modelView?: ModelView;
  /** Functions around the steps of a turn. */
  readonly hooks?: CapabilityHooks;
  /** Words for people about a call of any tool; wins over the tool's own. */
  narrate?(call: ToolCall, tool: ToolDefinition): string | undefined;
  /** Arguments it adds to tools that have none of the name, and takes out before they run: no part of what is approved. */
  readonly annotations?: readonly string[];
  /** Commands it offers. */
  readonly commands?: readonly Command[];
  /** Whether calls of one reply may run at the same time. */
  readonly parallelToolCalls?: boolean | ((config: JsonObject) => boolean | undefined);
  /** How much a failed turn tells its user. */
  readonly errorDisclosure?: ErrorDisclosure | ((config: JsonObject) => ErrorDisclosure | undefined);
  /** Key under which providers may cache the prompt. */
  promptCacheKey?(session: Session, config: JsonObject): string | undefined;
  /** The id of the capability to use instead with a model. */
  resolveForModel?(model: string): string | undefined;
  /** Permissions it needs itself, its tools aside; absent means unknown. */
  readonly permissions?: PermissionNeeds;
}

/** A capability that is imported when a session first uses it. */
export interface LazyCapability {
  /** Its id, in snake_case. */
  readonly id: string;
  /** Other ids that mean it. */
  readonly aliases?: readonly string[];
  /** Name for people. */
  readonly name: string;
  /** What it does. */
  readonly description?: string;
  /** Imports it. */
  load(): Promise<Capability>;
}
