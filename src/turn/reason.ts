/** The reason step: asks the model and says what is to be committed. */

import { ProviderError, RuntimeError } from "../errors.ts";
import type { ContentPart } from "../records/content.ts";
import type { EventDraft } from "../records/event.ts";
import type { Message } from "../records/message.ts";
import type { ModelRequest } from "../ports/driver.ts";
import { lazy } from "../kit/lazy.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { callModel, type ModelCallResult, type Reply } from "./model_call.ts";
import { buildModelRequest } from "./model_request.ts";
import { contextFor, generationEvent, type Reasoned, type Reasoning, systemPromptHash } from "./reasoning.ts";
import type { TurnRun } from "./turn_run.ts";

const PREVIEW = 200;
const failedStep = lazy(() => import("./reason_failed.ts"));
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
    run.live("reason.started", {
      turnId: state.turnId,
      iteration: state.iteration,
      harnessId: state.harnessId,
      ...(state.agentId === undefined ? {} : { agentId: state.agentId }),
    });
    if (state.iteration === 1) reportUsage(run, context);
    const made = ports.driver(model);
    const driver = made instanceof Promise ? await run.interrupts.wait(made) : made;
    const known = ports.profile(model);
    const profile = known instanceof Promise ? await run.interrupts.wait(known) : known;
    request = await buildModelRequest(context, {
      sessionId: run.sessionId,
      controls: run.controls,
      previousResponseId: state.previousResponseId,
      profile,
      transcript: run.share.history.transcript.messages,
      history: run.share.history.messages,
      capabilityContext: contextFor(run, context),
    });
    const hash = systemPromptHash(request.systemPrompt);
    promptHash = hash instanceof Promise ? await hash : hash;
    run.live("output.message.started", { turnId: state.turnId, messageId, iteration: state.iteration });
    called = await callModel(run, driver, request, messageId);
  } catch (error) {
    if (run.interrupts.interrupted) throw run.interrupts.signal.reason;
    // A missing record is misuse or a changed store, not an answer of the provider.
    if (error instanceof RuntimeError && error.code.endsWith("_not_found")) throw error;
    called = { ok: false, error, durationMs: ports.clock.monotonic() - startedAt, retry: undefined };
  }
  const reasoning: Reasoning = { messageId, context, request, promptHash, called };
  if (!called.ok) return await (await failedStep()).failedReason(run, reasoning, called.error);
  const { calls } = called.reply;
  const parts = calls.length === 0 ? [] : (await callParts()).toCallParts(calls, ports.ids);
  return succeed(run, reasoning, called.reply, parts);
}

function reportUsage(run: TurnRun, context: TurnContext): void {
  const { capabilities } = context.config;
  if (capabilities.length === 0) return;
  const records = [];
  for (const { capability } of capabilities) {
    records.push({ capabilityId: capability.id, usageKind: "resolved" as const });
    const toolNames = [];
    for (const bound of context.config.tools.values()) {
      if (bound.capability === capability) toolNames.push(bound.tool.definition.name);
    }
    if (toolNames.length > 0) records.push({ capabilityId: capability.id, usageKind: "exposed" as const, toolNames });
  }
  run.live("capability.usage", { turnId: run.state.turnId, records });
}

function succeed(run: TurnRun, reasoning: Reasoning, reply: Reply, callParts: readonly ContentPart[]): Reasoned {
  const { ports, state } = run;
  const { messageId, context, request, called } = reasoning;
  const { done } = reply;
  const content: ContentPart[] = [...reply.reasoning];
  if (reply.text !== "") content.push({ type: "text", text: reply.text });
  content.push(...callParts);
  const callCount = callParts.length;
  const effort = request?.reasoningEffort;
  const message: Message = Object.freeze({
    id: messageId,
    role: "agent",
    content: Object.freeze(content),
    phase: done.phase ?? (callCount > 0 ? "commentary" : "final_answer"),
    ...(reply.thinking === "" ? {} : { thinking: reply.thinking }),
    ...(reply.thinkingSignature === undefined ? {} : { thinkingSignature: reply.thinkingSignature }),
    metadata: effort === undefined
      ? { model: done.model ?? request?.model ?? "" }
      : { model: done.model ?? request?.model ?? "", reasoningEffort: effort },
    createdAt: ports.clock.now(),
  });
  const finishReason = done.finishReason === "" ? (callCount > 0 ? "tool_calls" : "stop") : done.finishReason;
  const usage = done.usage;
  const facts = {
    ...(usage === undefined ? {} : { usage }),
    ...(reply.timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs: reply.timeToFirstTokenMs }),
    ...(done.responseId === undefined ? {} : { responseId: done.responseId }),
  };
  const eventContext = run.eventContext;
  const events: EventDraft[] = [
    generationEvent(run, reasoning, message, { success: true, finishReason, ...facts }),
    {
      type: "output.message.completed",
      context: eventContext,
      data: usage === undefined ? { turnId: state.turnId, message } : { turnId: state.turnId, message, usage },
    },
    {
      type: "reason.completed",
      context: eventContext,
      data: {
        turnId: state.turnId,
        success: true,
        ...(reply.text === "" ? {} : { textPreview: reply.text.slice(0, PREVIEW) }),
        hasToolCalls: callCount > 0,
        toolCallCount: callCount,
        durationMs: called.durationMs,
        ...(usage === undefined ? {} : { usage }),
      },
    },
  ];
  return {
    outcome: {
      type: "reasoned",
      messageId,
      text: reply.text,
      callCount,
      finishReason,
      ...facts,
      pendingInputs: 0,
      at: ports.clock.now(),
    },
    events,
    message,
    parallelToolCalls: context?.runtimeAgent.parallelToolCalls ?? true,
  };
}
