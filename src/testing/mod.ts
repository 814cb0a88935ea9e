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

export { type LlmSimCapture, LlmSimConfig } from "../drivers/llmsim/config.ts";
export { llmSimDriver, type LlmSimDriverOptions } from "../drivers/llmsim/driver.ts";
export type { LlmSimErrorKind } from "../drivers/llmsim/failure.ts";
export type { LlmSimLatency } from "../drivers/llmsim/stream.ts";
export type {
  LlmSimAssistantTurn,
  LlmSimErrorTurn,
  LlmSimMixedTurn,
  LlmSimStreamDropTurn,
  LlmSimStreamStallTurn,
  LlmSimToolCall,
  LlmSimToolCallsTurn,
  LlmSimTurn,
} from "../drivers/llmsim/script.ts";
export type { LlmSimOnExhausted } from "../drivers/llmsim/settings.ts";
export type { FailureCode } from "../errors.ts";
export type { Clock, RandomSource, Timer } from "../ports/clock.ts";
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
} from "../ports/driver.ts";
export type { EventBus } from "../ports/event_bus.ts";
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
} from "../ports/journal.ts";
export type { SessionStorageStore } from "../ports/session_storage_store.ts";
export type {
  MessageQuery,
  RuntimeAgentStore,
  RuntimeHarnessStore,
  RuntimeMessageStore,
  RuntimeProviderStore,
  RuntimeSessionStore,
} from "../ports/stores.ts";
export type { CapabilityRef } from "../records/capability_ref.ts";
export type {
  AnnotationSource,
  ContentPart,
  ImageFilePart,
  ImagePart,
  ReasoningPart,
  TextAnnotation,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "../records/content.ts";
export type { Event, EventContext, EventDraft, EventOf, EventType } from "../records/event.ts";
export type { Agent, Harness, LayerConfig, RecordStatus } from "../records/harness.ts";
export type {
  AgentId,
  CallId,
  EventId,
  ExecId,
  HarnessId,
  ImageId,
  MessageId,
  ModelId,
  OrgId,
  SessionId,
  TurnId,
} from "../records/ids.ts";
export type { FileEncoding, InitialFile } from "../records/initial_file.ts";
export type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
export type { McpServerConfig, McpServers } from "../records/mcp.ts";
export type {
  Controls,
  ErrorDisclosure,
  ExternalActor,
  Message,
  MessageRole,
  ReasoningEffort,
} from "../records/message.ts";
export { DriverId, type ModelProfile, type ResolvedModel } from "../records/model.ts";
export type { NetworkAccess } from "../records/network_access.ts";
export type { PermissionNeeds } from "../records/permissions.ts";
export type { Secret } from "../records/secret.ts";
export type { Session } from "../records/session.ts";
export type { Deferrable, ToolDefinition, ToolEffect, ToolHints, ToolStatus } from "../records/tool.ts";
export type { StopReason, TurnFacts, TurnFailure, TurnPhase, TurnState } from "../records/turn.ts";
export type { Usage } from "../records/usage.ts";
export { testAgentStore } from "./conformance/agent_store.ts";
export type { ConformanceOptions, RegisterCheck, SharedConformanceOptions } from "./conformance/conformance_options.ts";
export { testEventBus } from "./conformance/event_bus.ts";
export { testHarnessStore } from "./conformance/harness_store.ts";
export { testMessageStore } from "./conformance/message_store.ts";
export { testProviderStore } from "./conformance/provider_store.ts";
export { testSessionJournal } from "./conformance/session_journal.ts";
export { testSessionStorageStore } from "./conformance/session_storage_store.ts";
export { testSessionStore } from "./conformance/session_store.ts";
export { testTurnStore } from "./conformance/turn_store.ts";
export { FakeClock, type FakeClockOptions } from "./fake_clock.ts";
export { type ScriptedModel, scriptedModel, type ScriptedModelOptions } from "./scripted_model.ts";
export { seededRandom } from "./seeded_random.ts";
export type { CallSummary, CapabilityUsage, EventDataMap, GenerationMetadata } from "../records/event_data.ts";
export type { TurnCheckpoint, TurnClosing } from "../records/checkpoint.ts";
export {
  type ConformancePart,
  conformanceSuite,
  type ConformanceSuiteOptions,
} from "./conformance/conformance_suite.ts";
export { testFileStore } from "./conformance/file_store.ts";
export type { FileStoreConformanceOptions } from "./conformance/file_store_options.ts";
