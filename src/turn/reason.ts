/** The reason step: asks the model and says what is to be committed. */

import { ProviderError } from "../errors.ts";
import type { ContentPart } from "../records/content.ts";
import type { EventDraft } from "../records/event.ts";
import type { EventDataMap, GenerationMetadata } from "../records/event_data.ts";
import type { JsonObject } from "../records/json.ts";
import type { Message } from "../records/message.ts";
import type { Driver, ModelRequest } from "../ports/driver.ts";
import { lazy } from "../kit/lazy.ts";
import type { Mutable } from "../kit/mutable.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { callModel } from "./model_call.ts";
import type { ModelCallResult, Reply } from "./model_reply.ts";
import { buildModelRequest, type ModelRequestParts } from "./model_request.ts";
import {
  contextFor,
  generationEvent,
  generationMetadata,
  type Reasoned,
  type Reasoning,
  systemPromptHash,
} from "./reasoning.ts";
import { isOfStores, type TurnRun } from "./turn_run.ts";

const PREVIEW = 200;
/** Longest making of a view that may ask the model, whose answer takes 120 seconds at most. */
const SHRINK_MS = 150_000;
const failedStep = lazy(() => import("./reason_failed.ts"));
const answerForm = lazy(() => import("./answer_form.ts"));
const aroundCall = lazy(() => import("./around_model_call.ts"));
const callParts = lazy(() => import("./call_parts.ts"));

/** Asks the model once, retries included. */
export async function reason(run: TurnRun): Promise<Reasoned> {
  const { ports, state } = run;
  const messageId = ports.ids.next("message");
  const startedAt = ports.clock.monotonic();
  let context: TurnContext | undefined;
  let request: ModelRequest | undefined;
  let promptHash: string | undefined;
  let called: ModelCallResult;
  try {
    context = await run.context();
    const model = context.modelWithProvider;
    if (model === undefined) {
      throw new ProviderError(
        "model_not_configured",
        "No model is configured; set one with the builder's defaultModel()",
      );
    }
    const around = context.config.capabilities.length === 0 ? undefined : await aroundCall();
    const sealed = context.config.hasHook.beforeModelCall ? await around?.askBeforeCall(run, context) : undefined;
    if (sealed !== undefined) return { outcome: sealed, events: [] };
    run.live("reason.started", {
      turnId: state.turnId,
      iteration: state.iteration,
      harnessId: state.harnessId,
      ...(state.agentId === undefined ? {} : { agentId: state.agentId }),
    });
    if (state.iteration === 1) around?.reportUsage(run, context);
    const made = ports.driver(model);
    const driver = made instanceof Promise ? await run.timed(made, ports.limits.hookMs, "make the driver") : made;
    const known = ports.profile(model);
    const profile = known instanceof Promise ? await run.timed(known, ports.limits.hookMs, "look up the model") : known;
    const parts: ModelRequestParts = {
      sessionId: run.sessionId,
      controls: run.controls,
      previousResponseId: state.previousResponseId,
      profile,
      transcript: run.share.history.transcript.messages,
      history: run.share.history.messages,
      capabilityContext: contextFor(run, context),
    };
    request = await requestOf(run, context, parts, driver);
    const hash = systemPromptHash(request.systemPrompt);
    promptHash = hash instanceof Promise ? await hash : hash;
    run.live("output.message.started", { turnId: state.turnId, messageId, iteration: state.iteration });
    const guard = context.config.hasHook.outputGuard ? around?.outputGuard(run, context, messageId) : undefined;
    called = await callModel(run, driver, request, messageId, guard);
    if (context.config.shrinks && isTooLarge(called)) {
      // What the provider keeps of earlier responses would make it too large again.
      const smaller: ModelRequestParts = { ...parts, previousResponseId: undefined, reason: "too_large" };
      request = await requestOf(run, context, smaller, driver);
      called = await callModel(run, driver, request, messageId, guard);
    }
  } catch (error) {
    if (run.interrupts.interrupted) throw run.interrupts.reason;
    // A missing record is misuse or a changed store, not an answer of the provider.
    if (isOfStores(error)) throw error;
    called = { ok: false, error, durationMs: ports.clock.monotonic() - startedAt, retry: undefined };
  }
  const reasoning: Reasoning = { messageId, context, request, promptHash, called };
  if (!called.ok) return await (await failedStep()).failedReason(run, reasoning, called.error);
  const { calls } = called.reply;
  const parts = calls.length === 0 ? [] : (await callParts()).toCallParts(calls, ports.ids);
  const reasoned = succeed(run, reasoning, called.reply, parts);
  return state.form === undefined ? reasoned : await (await answerForm()).judged(run, state.form, reasoned);
}

/** Not an async function: a request that nothing is added to costs no wait of its own. */
function requestOf(
  run: TurnRun,
  context: TurnContext,
  parts: ModelRequestParts,
  driver: Driver,
): Promise<ModelRequest> {
  const { config } = context;
  const building = buildModelRequest(context, parts);
  // A model view is the host's: it may hang. One that shrinks may ask the model first.
  const milliseconds = config.shrinks ? SHRINK_MS : run.ports.limits.hookMs;
  const timed = config.hasView ? run.timed(building, milliseconds, "build the model's view") : building;
  // The list is the session's and grows: who may keep or change it gets his own.
  const built = driver.borrowsMessages === true
    ? timed
    : timed.then((made) => ({ ...made, messages: [...made.messages] }));
  const { form } = run.state;
  if (form === undefined) return built;
  return built.then(async (request) => (await answerForm()).withForm(request, form, driver));
}

function isTooLarge(called: ModelCallResult): boolean {
  return !called.ok && called.error instanceof ProviderError && called.error.code === "request_too_large";
}

function succeed(run: TurnRun, reasoning: Reasoning, reply: Reply, callParts: readonly ContentPart[]): Reasoned {
  const { ports, eventContext: context } = run;
  const { turnId } = run.state;
  const { messageId, called } = reasoning;
  const { done, firstTextAt, timeToFirstTokenMs } = reply;
  const { usage, responseId } = done;
  const at = ports.clock.now();
  const callCount = callParts.length;
  const message = agentMessage(reasoning, reply, callParts, at);
  const finishReason = done.finishReason === "" ? (callCount > 0 ? "tool_calls" : "stop") : done.finishReason;
  const metadata: Mutable<GenerationMetadata> = generationMetadata(reasoning, true);
  metadata.finishReason = finishReason;
  const completed: Mutable<EventDataMap["output.message.completed"]> = { turnId, message };
  const ended: Mutable<EventDataMap["reason.completed"]> = {
    turnId,
    success: true,
    hasToolCalls: callCount > 0,
    toolCallCount: callCount,
    durationMs: called.durationMs,
  };
  const outcome: Mutable<Extract<Reasoned["outcome"], { type: "reasoned" }>> = {
    type: "reasoned",
    messageId,
    text: reply.text,
    callCount,
    finishReason,
    pendingInputs: 0,
    at,
  };
  if (reply.text !== "") ended.textPreview = reply.text.slice(0, PREVIEW);
  if (usage !== undefined) {
    metadata.usage =
      completed.usage =
      ended.usage =
      outcome.usage =
        usage;
  }
  if (responseId !== undefined) metadata.responseId = outcome.responseId = responseId;
  if (timeToFirstTokenMs !== undefined) metadata.timeToFirstTokenMs = timeToFirstTokenMs;
  if (firstTextAt !== undefined) outcome.timeToFirstTokenMs = firstTextAt - run.startedAt;
  const events: EventDraft[] = [
    generationEvent(run, reasoning, message, metadata),
    { type: "output.message.completed", context, data: completed },
    { type: "reason.completed", context, data: ended },
  ];
  return { outcome, events, message };
}

function agentMessage(
  { messageId, request }: Reasoning,
  { text, thinking, thinkingSignature, images, reasoning: items, done, replaced }: Reply,
  parts: readonly ContentPart[],
  createdAt: number,
): Message {
  const content: ContentPart[] = [...items];
  if (text !== "") content.push(Object.freeze({ type: "text", text }));
  content.push(...images, ...parts);
  const model = done.model ?? request?.model ?? "";
  const effort = request?.reasoningEffort;
  const message: Mutable<Message> = {
    id: messageId,
    role: "agent",
    content: Object.freeze(content),
    phase: done.phase ?? (parts.length > 0 || done.finishReason === "pause" ? "commentary" : "final_answer"),
    metadata: Object.freeze<JsonObject>(effort === undefined ? { model } : { model, reasoningEffort: effort }),
    createdAt,
  };
  if (replaced !== undefined) message.metadata = { ...message.metadata, guardrail: { ...replaced } };
  if (thinking !== "") message.thinking = thinking;
  if (thinkingSignature !== undefined) message.thinkingSignature = thinkingSignature;
  return Object.freeze(message);
}
