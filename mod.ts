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

export { runtimeSafeCapabilities } from "./src/capabilities/default_registry.ts";
export type { RuntimeSafeCapabilitiesOptions } from "./src/capabilities/default_registry_options.ts";
export type { EnvironmentContextOptions, EnvironmentFacts } from "./src/capabilities/environment_context.ts";
export type { MemoryOptions } from "./src/capabilities/memory/capability.ts";
export type { MemoryStore } from "./src/capabilities/memory/memory_store.ts";
export type { SkillsOptions } from "./src/capabilities/skills/capability.ts";
export type { SkillFiles, SkillFolder, SkillTexts } from "./src/capabilities/skills/skill_store.ts";
export { SharedFolds } from "./src/context/config_cache.ts";
export type { ConfigCache, Fold } from "./src/context/config_cache.ts";
export type { ConfigLayers, EffectiveOverlay, LayerSources } from "./src/context/layers.ts";
export type { ResolvedCapability } from "./src/context/resolve.ts";
export type { BoundHooks, BoundTool, SessionConfig } from "./src/context/session_config.ts";
export { assembleTurnContext, inspectTurnContext } from "./src/context/turn_context.ts";
export type { ContextRequest, ContextSources, RuntimeAgent, TurnContext } from "./src/context/turn_context.ts";
export { LlmSimConfig } from "./src/drivers/llmsim/config.ts";
export type { LlmSimCapture } from "./src/drivers/llmsim/config.ts";
export { llmSimDriver } from "./src/drivers/llmsim/driver.ts";
export type { LlmSimDriverOptions } from "./src/drivers/llmsim/driver.ts";
export type { LlmSimToolCall } from "./src/drivers/llmsim/script.ts";
export type { LlmSimOnExhausted } from "./src/drivers/llmsim/settings.ts";
export type { LlmSimLatency } from "./src/drivers/llmsim/stream.ts";
export { ConfigurationError, DuplicateInputError, FileStoreError, LeaseLostError } from "./src/errors.ts";
export { NotFoundError, ProviderError, QueueFullError, ReentrantTurnError, RuntimeClosedError } from "./src/errors.ts";
export { RuntimeError, SequenceConflictError, SessionBusyError, StoreError, ToolError } from "./src/errors.ts";
export { TurnWaitingError } from "./src/errors.ts";
export type { FailureCode, ProviderErrorOptions, RuntimeErrorOptions } from "./src/errors.ts";
export { ComposedJournal } from "./src/in_memory/composed_journal.ts";
export type { ComposedJournalOptions } from "./src/in_memory/composed_journal.ts";
export { InMemoryEventBus } from "./src/in_memory/event_bus.ts";
export type { InMemoryEventBusOptions } from "./src/in_memory/event_bus.ts";
export { InMemoryFileStore } from "./src/in_memory/file_store.ts";
export type { InMemoryFileStoreOptions } from "./src/in_memory/file_store.ts";
export { InMemoryMessageStore } from "./src/in_memory/message_store.ts";
export { InMemoryAgentStore, InMemoryHarnessStore, InMemoryProviderStore } from "./src/in_memory/record_stores.ts";
export { InMemorySessionStore } from "./src/in_memory/record_stores.ts";
export type { InMemorySessionStoreOptions } from "./src/in_memory/record_stores.ts";
export { InMemorySessionStorageStore } from "./src/in_memory/session_storage_store.ts";
export { InMemoryTurnStore } from "./src/in_memory/turn_store.ts";
export { sleep, systemClock } from "./src/kit/clock.ts";
export { createAgent, createHarness, createSession, toCapabilityRef } from "./src/kit/create_records.ts";
export type { AgentInput, CreateOptions, HarnessInput, SessionInput } from "./src/kit/create_records.ts";
export { checkCapability, checkCapabilityIdentity, defineCapability } from "./src/kit/define_capability.ts";
export { connectionRequired, defineClientTool, defineTool, toolFailure, toolSuccess } from "./src/kit/define_tool.ts";
export type { ClientToolOptions, ConnectionRequiredOptions, ToolArguments } from "./src/kit/define_tool.ts";
export type { ToolOptions, ToolParameters, ToolSuccessOptions } from "./src/kit/define_tool.ts";
export { IdSource, systemRandom } from "./src/kit/ids.ts";
export { CapabilityRegistry, DriverRegistry, isLazyCapability } from "./src/kit/registries.ts";
export type { RequiredPermissions } from "./src/kit/required_permissions.ts";
export type { StandardInput, StandardIssue, StandardOutput, StandardResult } from "./src/kit/standard_schema.ts";
export type { StandardSchema, StandardSchemaProps } from "./src/kit/standard_schema.ts";
export type { Capability, CapabilityContext, CapabilityHooks, Command } from "./src/ports/capability.ts";
export type { CommandContext, CommandResult, LazyCapability, ModelView } from "./src/ports/capability.ts";
export type { PromptDecision, ToolUseDecision, ToolUseDetails } from "./src/ports/capability.ts";
export type { TurnCapabilityContext } from "./src/ports/capability.ts";
export type { Clock, RandomSource, Timer } from "./src/ports/clock.ts";
export type { ConnectionResolver } from "./src/ports/connection_resolver.ts";
export type { Driver, DriverConfig, DriverDescriptor, ModelCallOptions, ModelEvent } from "./src/ports/driver.ts";
export type { ModelMessage, ModelRequest, ModelToolCall, PreparedRequest } from "./src/ports/driver.ts";
export type { EventBus } from "./src/ports/event_bus.ts";
export type { FileStat, FileSystemContext, GrepLine, GrepOptions, GrepResult } from "./src/ports/file_store.ts";
export type { RuntimeFileStore, SessionFiles, SessionFileSystemFactory, StoredFile } from "./src/ports/file_store.ts";
export type { AcquiredSession, CommittedStep, EventQuery, KeyedTurn, OwnerId } from "./src/ports/journal.ts";
export type { RuntimeTurnStore, SessionHead, SessionJournal, SessionStep, TurnStoreStep } from "./src/ports/journal.ts";
export type { ApprovalDecision, CallProblem, CallRepair, ModelCallDecision } from "./src/ports/model_hooks.ts";
export type { ModelOutput, ModelViewRequest, NativeCompaction, OutputDecision } from "./src/ports/model_hooks.ts";
export type { DeliverOptions, NewSession } from "./src/ports/new_session.ts";
export type { PlatformStore, RecentMessages, SessionOutcome, WaitOptions } from "./src/ports/platform_store.ts";
export type { NewSchedule, SessionScheduleStore } from "./src/ports/schedule_store.ts";
export type { CapabilityEventType, RunningTurn, SideModelReply } from "./src/ports/running_turn.ts";
export type { SideModelRequest } from "./src/ports/running_turn.ts";
export type { Announcement, BindsSessionHost, HostedToolCall, SessionHost } from "./src/ports/session_host.ts";
export type { SessionStorageStore } from "./src/ports/session_storage_store.ts";
export type { MessageQuery, RuntimeAgentStore, RuntimeHarnessStore, RuntimeMessageStore } from "./src/ports/stores.ts";
export type { RuntimeProviderStore, RuntimeSessionStore } from "./src/ports/stores.ts";
export type { NewTask, NewTaskMessage, SessionTaskRegistry, TaskExecutor } from "./src/ports/task_registry.ts";
export type { TaskExecutors, TaskFilter, TaskMessageQuery, TaskUpdate } from "./src/ports/task_registry.ts";
export type { ParsedArguments, RawOutput, Tool, ToolContext, ToolOutcome } from "./src/ports/tool.ts";
export type { ToolSource, ToolSourceConnector, ToolSourceScope } from "./src/ports/tool_source.ts";
export type { Budget } from "./src/records/budget.ts";
export type { CapabilityRef, CapabilityRefInput } from "./src/records/capability_ref.ts";
export type { TurnCheckpoint, TurnClosing } from "./src/records/checkpoint.ts";
export { textOf } from "./src/records/content.ts";
export type { AnnotationSource, ContentPart, ImageFilePart, ImagePart } from "./src/records/content.ts";
export type { InputContentPart, ReasoningPart, TextAnnotation, TextPart, ToolCallPart } from "./src/records/content.ts";
export type { ToolResultPart } from "./src/records/content.ts";
export { isDurable, parseEvent } from "./src/records/event.ts";
export type { Event, EventContext, EventDraft, EventOf, EventType, RawEvent } from "./src/records/event.ts";
export type { CallSummary, CapabilityUsage, EventDataMap, GenerationMetadata } from "./src/records/event_data.ts";
export type { Agent, Harness, LayerConfig, RecordStatus } from "./src/records/harness.ts";
export { DEFAULT_ORG_ID, idFromSeed, isId, parseId } from "./src/records/ids.ts";
export type { AgentId, CallId, EventId, ExecId, HarnessId, IdKind, IdKinds, ImageId } from "./src/records/ids.ts";
export type { MessageId, ModelId, OrgId, ScheduleId, SessionId, TaskId, TaskMessageId } from "./src/records/ids.ts";
export type { TurnId } from "./src/records/ids.ts";
export type { FileEncoding, InitialFile } from "./src/records/initial_file.ts";
export type { JsonObject, JsonSchema, JsonValue } from "./src/records/json.ts";
export type { McpServerConfig, McpServers } from "./src/records/mcp.ts";
export { metadataOf, toInputMessage, userMessage } from "./src/records/message.ts";
export type { Controls, ErrorDisclosure, ExternalActor, InputMessage, Message } from "./src/records/message.ts";
export type { MessageRole, ReasoningEffort } from "./src/records/message.ts";
export { DriverId } from "./src/records/model.ts";
export type { ModelProfile, ModelRecord, ResolvedModel } from "./src/records/model.ts";
export type { NetworkAccess } from "./src/records/network_access.ts";
export type { PermissionNeeds } from "./src/records/permissions.ts";
export type { ResponseFormat } from "./src/records/response_format.ts";
export type { SessionSchedule, TriggeredSchedule } from "./src/records/schedule.ts";
export { Secret } from "./src/records/secret.ts";
export type { Session, SessionStatus } from "./src/records/session.ts";
export type { SessionTask, TaskArtifact, TaskInputRequest, TaskMessage, TaskState } from "./src/records/task.ts";
export type { WakePolicy } from "./src/records/task.ts";
export type { Deferrable, ToolCall, ToolDefinition, ToolEffect, ToolHints, ToolResult } from "./src/records/tool.ts";
export type { ToolStatus } from "./src/records/tool.ts";
export type { ClientToolResult, StopReason, ToolDecision, TurnFacts, TurnFailure } from "./src/records/turn.ts";
export type { TurnForm, TurnPhase, TurnResult, TurnState, WaitingCall } from "./src/records/turn.ts";
export { addUsage, effectiveCostUsd, NO_USAGE } from "./src/records/usage.ts";
export type { Usage } from "./src/records/usage.ts";
export type { BackendSlots } from "./src/runtime/backend_slots.ts";
export { isBuiltInStore, RuntimeBackends } from "./src/runtime/backends.ts";
export { InProcessRuntimeBuilder } from "./src/runtime/builder.ts";
export type { CapabilityDelta } from "./src/runtime/capability_edits.ts";
export type { CommandInfo } from "./src/runtime/commands.ts";
export { DEFAULT_LIMITS, DEFAULT_RETRY } from "./src/runtime/default_limits.ts";
export type { KnownSecrets } from "./src/runtime/driver_pool.ts";
export { InProcessRuntime } from "./src/runtime/in_process_runtime.ts";
export type { PreviewOptions, RequestPreview } from "./src/runtime/inspection.ts";
export { PlatformDefinition } from "./src/runtime/platform.ts";
export type { PlatformDefinitionOptions } from "./src/runtime/platform.ts";
export type { RuntimeParts, SeededRecords } from "./src/runtime/runtime_parts.ts";
export type { SingleSessionBuilder, SingleSessionRecords } from "./src/runtime/single_session.ts";
export type { TurnOutput, TypedTurnOptions } from "./src/runtime/turn_output.ts";
export type { TurnOptions } from "./src/turn/kernel.ts";
export type { ChainLink, SecretFilter, TurnChain } from "./src/turn/kernel_ports.ts";
export type { ProviderRetryConfig, TurnLimits } from "./src/turn/limits.ts";
export type { SubscribeOptions } from "./src/turn/live_events.ts";
export type { ResumeInput, ResumeOptions } from "./src/turn/resume.ts";
export type { Recovered, SteerOptions, SteerReceipt, TurnHandle } from "./src/turn/turn_handle.ts";
