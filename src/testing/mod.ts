/**
 * Helpers for tests of hosts: simulated models, a clock that a test moves, repeatable randomness, and the conformance
 * suite that every store and journal must pass (`testSessionJournal`, `testMessageStore`, ...).
 *
 * **Permissions:** none.
 *
 * @example A tool call, then an answer
 * ```ts
 * import { llmSimDriver, scriptedModel } from "@everruns/runtime/testing";
 * import assert from "node:assert/strict";
 *
 * const model = scriptedModel([
 *   { type: "tool_calls", toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] },
 *   "It is raining in Oslo.",
 * ]);
 * const driver = await llmSimDriver(model.config).create({});
 * const request = { model: "m", systemPrompt: "", messages: [], tools: [], metadata: {} };
 * const { signal } = new AbortController();
 *
 * const first = await Array.fromAsync(driver.stream(request, { signal }));
 * assert.deepEqual(first.map((event) => event.type), ["tool_call", "done"]);
 * const second = await Array.fromAsync(driver.stream(request, { signal }));
 * assert.deepEqual(second[0], { type: "text", delta: "It is raining in Oslo." });
 * assert.equal(model.requests.length, 2);
 * ```
 *
 * @module
 */

export { LlmSimConfig } from "../drivers/llmsim/config.ts";
export type { LlmSimCapture } from "../drivers/llmsim/config.ts";
export { llmSimDriver } from "../drivers/llmsim/driver.ts";
export type { LlmSimDriverOptions } from "../drivers/llmsim/driver.ts";
export type { LlmSimErrorKind } from "../drivers/llmsim/failure.ts";
export type { LlmSimAssistantTurn, LlmSimErrorTurn, LlmSimMixedTurn } from "../drivers/llmsim/script.ts";
export type { LlmSimStreamDropTurn, LlmSimStreamStallTurn, LlmSimToolCall } from "../drivers/llmsim/script.ts";
export type { LlmSimToolCallsTurn, LlmSimTurn } from "../drivers/llmsim/script.ts";
export type { LlmSimOnExhausted } from "../drivers/llmsim/settings.ts";
export type { LlmSimLatency } from "../drivers/llmsim/stream.ts";
export type { FailureCode } from "../errors.ts";
export type { Clock, RandomSource, Timer } from "../ports/clock.ts";
export type { Driver, DriverConfig, DriverDescriptor, ModelCallOptions, ModelEvent } from "../ports/driver.ts";
export type { ModelMessage, ModelRequest, ModelToolCall, PreparedRequest } from "../ports/driver.ts";
export type { EventBus } from "../ports/event_bus.ts";
export type { FileStat, GrepLine, GrepOptions, GrepResult, RuntimeFileStore, StoredFile } from "../ports/file_store.ts";
export type { AcquiredSession, CommittedStep, EventQuery, KeyedTurn, OwnerId } from "../ports/journal.ts";
export type { RuntimeTurnStore, SessionHead, SessionJournal, SessionStep, TurnStoreStep } from "../ports/journal.ts";
export type { SessionStorageStore } from "../ports/session_storage_store.ts";
export type { MessageQuery, RuntimeAgentStore, RuntimeHarnessStore, RuntimeMessageStore } from "../ports/stores.ts";
export type { RuntimeProviderStore, RuntimeSessionStore } from "../ports/stores.ts";
export type { NewTask, NewTaskMessage, SessionTaskRegistry, TaskExecutor } from "../ports/task_registry.ts";
export type { TaskExecutors, TaskFilter, TaskMessageQuery, TaskUpdate } from "../ports/task_registry.ts";
export type { CapabilityRef } from "../records/capability_ref.ts";
export type { TurnCheckpoint, TurnClosing } from "../records/checkpoint.ts";
export type { AnnotationSource, ContentPart, ImageFilePart, ImagePart, ReasoningPart } from "../records/content.ts";
export type { TextAnnotation, TextPart, ToolCallPart, ToolResultPart } from "../records/content.ts";
export type { Event, EventContext, EventDraft, EventOf, EventType } from "../records/event.ts";
export type { CallSummary, CapabilityUsage, EventDataMap, GenerationMetadata } from "../records/event_data.ts";
export type { Agent, Harness, LayerConfig, RecordStatus } from "../records/harness.ts";
export type { AgentId, CallId, EventId, ExecId, HarnessId, ImageId, MessageId, ModelId } from "../records/ids.ts";
export type { OrgId, SessionId, TaskId, TaskMessageId, TurnId } from "../records/ids.ts";
export type { FileEncoding, InitialFile } from "../records/initial_file.ts";
export type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
export type { McpServerConfig, McpServers } from "../records/mcp.ts";
export type { Controls, ErrorDisclosure, ExternalActor, Message, MessageRole } from "../records/message.ts";
export type { ReasoningEffort } from "../records/message.ts";
export { DriverId } from "../records/model.ts";
export type { ModelProfile, ResolvedModel } from "../records/model.ts";
export type { NetworkAccess } from "../records/network_access.ts";
export type { PermissionNeeds } from "../records/permissions.ts";
export type { Secret } from "../records/secret.ts";
export type { Session } from "../records/session.ts";
export type { SessionTask, TaskArtifact, TaskInputRequest, TaskMessage, TaskState } from "../records/task.ts";
export type { WakePolicy } from "../records/task.ts";
export type { Deferrable, ToolDefinition, ToolEffect, ToolHints, ToolStatus } from "../records/tool.ts";
export type { StopReason, TurnFacts, TurnFailure, TurnPhase, TurnState } from "../records/turn.ts";
export type { Usage } from "../records/usage.ts";
export { testAgentStore } from "./conformance/agent_store.ts";
export type { ConformanceOptions, RegisterCheck, SharedConformanceOptions } from "./conformance/conformance_options.ts";
export { conformanceSuite } from "./conformance/conformance_suite.ts";
export type { ConformancePart, ConformanceSuiteOptions } from "./conformance/conformance_suite.ts";
export { testEventBus } from "./conformance/event_bus.ts";
export { testFileStore } from "./conformance/file_store.ts";
export type { FileStoreConformanceOptions } from "./conformance/file_store_options.ts";
export { testHarnessStore } from "./conformance/harness_store.ts";
export { testMessageStore } from "./conformance/message_store.ts";
export { testProviderStore } from "./conformance/provider_store.ts";
export { testSessionJournal } from "./conformance/session_journal.ts";
export { testSessionStorageStore } from "./conformance/session_storage_store.ts";
export { testSessionStore } from "./conformance/session_store.ts";
export { testSessionTaskRegistry } from "./conformance/task_registry.ts";
export { testTurnStore } from "./conformance/turn_store.ts";
export { FakeClock } from "./fake_clock.ts";
export type { FakeClockOptions } from "./fake_clock.ts";
export { scriptedModel } from "./scripted_model.ts";
export type { ScriptedModel, ScriptedModelOptions } from "./scripted_model.ts";
export { seededRandom } from "./seeded_random.ts";
