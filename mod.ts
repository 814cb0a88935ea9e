/**
 * An agent runtime inside your own process: no server, no database, no worker.
 *
 * Describe a harness, give it a model, run turns. Stores, tools, capabilities, drivers and the event bus are yours to
 * replace; the exact context and the exact provider request can be looked at before anything is sent.
 *
 * **Permissions:** none. Importing this module and running turns on the simulated model needs no `--allow-*` flag; a
 * real provider needs `--allow-net=<host>`, and `runtime.requiredPermissions()` says what a program needs in all.
 *
 * @example A first turn, offline
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("hello from everruns-runtime"))
 *   .singleSession((s) => s.harness("assistant", "You are helpful."))
 *   .build();
 * const turn = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
 * assert.equal(turn.response, "hello from everruns-runtime");
 * ```
 *
 * @module
 */

export { runtimeSafeCapabilities, type RuntimeSafeCapabilitiesOptions } from "./src/capabilities/default_registry.ts";
export type { ConfigCache, Fold } from "./src/context/config_cache.ts";
export type { ConfigLayers, EffectiveOverlay, LayerSources } from "./src/context/layers.ts";
export type { ResolvedCapability } from "./src/context/resolve.ts";
export type { BoundHooks, BoundTool, SessionConfig } from "./src/context/session_config.ts";
export {
  assembleTurnContext,
  type ContextRequest,
  type ContextSources,
  inspectTurnContext,
  type RuntimeAgent,
  type TurnContext,
} from "./src/context/turn_context.ts";
export { type LlmSimCapture, LlmSimConfig } from "./src/drivers/llmsim/config.ts";
export { llmSimDriver, type LlmSimDriverOptions } from "./src/drivers/llmsim/driver.ts";
export type { LlmSimToolCall } from "./src/drivers/llmsim/script.ts";
export type { LlmSimOnExhausted } from "./src/drivers/llmsim/settings.ts";
export type { LlmSimLatency } from "./src/drivers/llmsim/stream.ts";
export {
  ConfigurationError,
  DuplicateInputError,
  type FailureCode,
  FileStoreError,
  LeaseLostError,
  NotFoundError,
  ProviderError,
  type ProviderErrorOptions,
  QueueFullError,
  ReentrantTurnError,
  RuntimeClosedError,
  RuntimeError,
  type RuntimeErrorOptions,
  SequenceConflictError,
  SessionBusyError,
  StoreError,
  ToolError,
  TurnWaitingError,
} from "./src/errors.ts";
export { ComposedJournal, type ComposedJournalOptions } from "./src/in_memory/composed_journal.ts";
export { InMemoryEventBus, type InMemoryEventBusOptions } from "./src/in_memory/event_bus.ts";
export { InMemoryFileStore, type InMemoryFileStoreOptions } from "./src/in_memory/file_store.ts";
export { InMemoryMessageStore } from "./src/in_memory/message_store.ts";
export {
  InMemoryAgentStore,
  InMemoryHarnessStore,
  InMemoryProviderStore,
  InMemorySessionStore,
  type InMemorySessionStoreOptions,
} from "./src/in_memory/record_stores.ts";
export { InMemorySessionStorageStore } from "./src/in_memory/session_storage_store.ts";
export { InMemoryTurnStore } from "./src/in_memory/turn_store.ts";
export { sleep, systemClock } from "./src/kit/clock.ts";
export {
  type AgentInput,
  createAgent,
  createHarness,
  type CreateOptions,
  createSession,
  type HarnessInput,
  type SessionInput,
  toCapabilityRef,
} from "./src/kit/create_records.ts";
export { checkCapability, checkCapabilityIdentity, defineCapability } from "./src/kit/define_capability.ts";
export {
  type ClientToolOptions,
  connectionRequired,
  type ConnectionRequiredOptions,
  defineClientTool,
  defineTool,
  type ToolArguments,
  toolFailure,
  type ToolOptions,
  type ToolParameters,
  toolSuccess,
  type ToolSuccessOptions,
} from "./src/kit/define_tool.ts";
export { IdSource, systemRandom } from "./src/kit/ids.ts";
export { CapabilityRegistry, DriverRegistry, isLazyCapability } from "./src/kit/registries.ts";
export type {
  StandardIssue,
  StandardOutput,
  StandardResult,
  StandardSchema,
  StandardSchemaProps,
} from "./src/kit/standard_schema.ts";
export type {
  Capability,
  CapabilityContext,
  CapabilityHooks,
  Command,
  CommandContext,
  CommandResult,
  LazyCapability,
  ModelView,
  PromptDecision,
  ToolUseDecision,
} from "./src/ports/capability.ts";
export type { Clock, RandomSource, Timer } from "./src/ports/clock.ts";
export type { ConnectionResolver } from "./src/ports/connection_resolver.ts";
export type {
  Driver,
  DriverConfig,
  DriverDescriptor,
  ModelCallOptions,
  ModelEvent,
  ModelMessage,
  ModelRequest,
  ModelToolCall,
  PreparedRequest,
} from "./src/ports/driver.ts";
export type { EventBus } from "./src/ports/event_bus.ts";
export type {
  FileStat,
  FileSystemContext,
  GrepLine,
  GrepOptions,
  GrepResult,
  RuntimeFileStore,
  SessionFiles,
  SessionFileSystemFactory,
  StoredFile,
} from "./src/ports/file_store.ts";
export type {
  AcquiredSession,
  CommittedStep,
  EventQuery,
  KeyedTurn,
  OwnerId,
  RuntimeTurnStore,
  SessionHead,
  SessionJournal,
  SessionStep,
  TurnStoreStep,
} from "./src/ports/journal.ts";
export type { BindsSessionHost, DeliverOptions, NewSession, SessionHost } from "./src/ports/session_host.ts";
export type { SessionStorageStore } from "./src/ports/session_storage_store.ts";
export type {
  MessageQuery,
  RuntimeAgentStore,
  RuntimeHarnessStore,
  RuntimeMessageStore,
  RuntimeProviderStore,
  RuntimeSessionStore,
} from "./src/ports/stores.ts";
export type { ParsedArguments, Tool, ToolContext, ToolOutcome } from "./src/ports/tool.ts";
export type { ToolSource, ToolSourceConnector, ToolSourceScope } from "./src/ports/tool_source.ts";
export type { Budget } from "./src/records/budget.ts";
export type { CapabilityRef, CapabilityRefInput } from "./src/records/capability_ref.ts";
export type { TurnCheckpoint, TurnClosing } from "./src/records/checkpoint.ts";
export {
  type AnnotationSource,
  type ContentPart,
  type ImageFilePart,
  type ImagePart,
  type InputContentPart,
  type ReasoningPart,
  type TextAnnotation,
  textOf,
  type TextPart,
  type ToolCallPart,
  type ToolResultPart,
} from "./src/records/content.ts";
export {
  type Event,
  type EventContext,
  type EventDraft,
  type EventOf,
  type EventType,
  isDurable,
  parseEvent,
  type RawEvent,
} from "./src/records/event.ts";
export type { CallSummary, CapabilityUsage, EventDataMap, GenerationMetadata } from "./src/records/event_data.ts";
export type { Agent, Harness, LayerConfig, RecordStatus } from "./src/records/harness.ts";
export {
  type AgentId,
  type CallId,
  DEFAULT_ORG_ID,
  type EventId,
  type ExecId,
  type HarnessId,
  idFromSeed,
  type IdKind,
  type IdKinds,
  type ImageId,
  isId,
  type MessageId,
  type ModelId,
  type OrgId,
  parseId,
  type ScheduleId,
  type SessionId,
  type TaskId,
  type TaskMessageId,
  type TurnId,
} from "./src/records/ids.ts";
export type { FileEncoding, InitialFile } from "./src/records/initial_file.ts";
export type { JsonObject, JsonSchema, JsonValue } from "./src/records/json.ts";
export type { McpServerConfig, McpServers } from "./src/records/mcp.ts";
export {
  type Controls,
  type ErrorDisclosure,
  type ExternalActor,
  type InputMessage,
  type Message,
  type MessageRole,
  metadataOf,
  type ReasoningEffort,
  toInputMessage,
  userMessage,
} from "./src/records/message.ts";
export { DriverId, type ModelProfile, type ModelRecord, type ResolvedModel } from "./src/records/model.ts";
export type { NetworkAccess } from "./src/records/network_access.ts";
export type { PermissionNeeds } from "./src/records/permissions.ts";
export type { SessionSchedule } from "./src/records/schedule.ts";
export { Secret } from "./src/records/secret.ts";
export type { Session, SessionStatus } from "./src/records/session.ts";
export type {
  SessionTask,
  TaskArtifact,
  TaskInputRequest,
  TaskMessage,
  TaskState,
  WakePolicy,
} from "./src/records/task.ts";
export type {
  Deferrable,
  ToolCall,
  ToolDefinition,
  ToolEffect,
  ToolHints,
  ToolResult,
  ToolStatus,
} from "./src/records/tool.ts";
export type {
  ClientToolResult,
  StopReason,
  ToolDecision,
  TurnFacts,
  TurnFailure,
  TurnPhase,
  TurnResult,
  TurnState,
} from "./src/records/turn.ts";
export { addUsage, effectiveCostUsd, NO_USAGE, type Usage } from "./src/records/usage.ts";
export type { BackendSlots } from "./src/runtime/backend_slots.ts";
export { isBuiltInStore, RuntimeBackends } from "./src/runtime/backends.ts";
export { DEFAULT_LIMITS, DEFAULT_RETRY, InProcessRuntimeBuilder } from "./src/runtime/builder.ts";
export type { CapabilityDelta } from "./src/runtime/capability_edits.ts";
export type { CommandInfo } from "./src/runtime/commands.ts";
export { InProcessRuntime } from "./src/runtime/in_process_runtime.ts";
export type { RequestPreview } from "./src/runtime/inspection.ts";
export { PlatformDefinition, type PlatformDefinitionOptions } from "./src/runtime/platform.ts";
export type { RequiredPermissions } from "./src/runtime/required_permissions.ts";
export type { SingleSessionBuilder, SingleSessionRecords } from "./src/runtime/single_session.ts";
export type { TurnOptions } from "./src/turn/kernel.ts";
export type { ProviderRetryConfig, TurnLimits } from "./src/turn/limits.ts";
export type { SubscribeOptions } from "./src/turn/live_events.ts";
export type { ResumeInput } from "./src/turn/resume.ts";
export type { Recovered, SteerOptions, SteerReceipt, TurnHandle } from "./src/turn/turn_handle.ts";
