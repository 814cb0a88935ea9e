/** The reason step: asks the model and says what is to be committed. */

import { ProviderError, RuntimeError } from "../errors.ts";
import type { ContentPart } from "../records/content.ts";
import type { EventDraft, GenerationMetadata } from "../records/event.ts";
import type { MessageId } from "../records/ids.ts";
import type { JsonObject } from "../records/json.ts";
import type { Message } from "../records/message.ts";
import type { TurnFailure } from "../records/turn.ts";
import type { CapabilityContext } from "../ports/capability.ts";
import type { ModelRequest } from "../ports/driver.ts";
import { copyForeign, parseArgumentsText } from "../kit/parse_arguments.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { disclose, narrowDisclosure, toFailure } from "./failure.ts";
import { callModel, type ModelCallResult, type RawCall, type Reply } from "./model_call.ts";
import { buildModelRequest } from "./model_request.ts";
import type { TurnOutcome } from "./plan.ts";
import { systemPromptHash, toolNamesOf } from "./request_facts.ts";
import type { TurnRun } from "./turn_run.ts";

/** What a reason step came to: the planner's outcome without the queue, and the events to commit. */
export interface Reasoned {
  /** For the planner; `pendingInputs` is filled in when the step is queued. */
  readonly outcome: Extract<TurnOutcome, { type: "reasoned" | "reason_failed" }>;
  /** What is committed. */
  readonly events: readonly EventDraft[];
  /** The agent message. */
  readonly message: Message;
  /** Whether its calls may run at the same time. */
  readonly parallelToolCalls: boolean;
  /** Why it failed, if it did. */
  readonly failure?: TurnFailure;
}

const PREVIEW = 200;

/** Asks the model once, retries included. */
export async function reason(run: TurnRun): Promise<Reasoned> {
  const { ports, state } = run;
  const messageId = ports.ids.next("message");
  const startedAt = ports.clock.monotonic();
  let context: TurnContext | undefined;
  let request: ModelRequest | undefined;
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
    run.live("output.message.started", { turnId: state.turnId, messageId, iteration: state.iteration });
    called = await callModel(run, driver, request, messageId);
  } catch (error) {
    if (run.interrupts.interrupted) throw run.interrupts.signal.reason;
    // A missing record is misuse or a changed store, not an answer of the provider.
    if (error instanceof RuntimeError && error.code.endsWith("_not_found")) throw error;
    called = { ok: false, error, durationMs: ports.clock.monotonic() - startedAt, retry: undefined };
  }
  return called.ok
    ? succeed(run, context, request, messageId, called, called.reply)
    : await fail(run, context, request, messageId, called, called.error);
}

/** What a capability's function is told during this turn. */
export function contextFor(run: TurnRun, context: TurnContext): (config: JsonObject) => CapabilityContext {
  const { session } = context;
  return (config) => ({
    session,
    config,
    locale: context.resolvedLocale,
    model: context.modelWithProvider?.model,
    files: run.ports.sources.files(session.workspaceId),
    now: run.state.facts.acceptedAt,
  });
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

function succeed(
  run: TurnRun,
  context: TurnContext | undefined,
  request: ModelRequest | undefined,
  messageId: MessageId,
  called: ModelCallResult,
  reply: Reply,
): Reasoned {
  const { ports, state } = run;
  const { done } = reply;
  const content: ContentPart[] = [...reply.reasoning];
  if (reply.text !== "") content.push({ type: "text", text: reply.text });
  for (const call of reply.calls) content.push(toolCallPart(run, call));
  const callCount = reply.calls.length;
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
  const context_ = run.eventContext;
  const events: EventDraft[] = [
    generation(run, context, request, message, called, {
      success: true,
      finishReason,
      ...(usage === undefined ? {} : { usage }),
      ...(reply.timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs: reply.timeToFirstTokenMs }),
      ...(done.responseId === undefined ? {} : { responseId: done.responseId }),
    }),
    {
      type: "output.message.completed",
      context: context_,
      data: usage === undefined ? { turnId: state.turnId, message } : { turnId: state.turnId, message, usage },
    },
    {
      type: "reason.completed",
      context: context_,
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
      ...(usage === undefined ? {} : { usage }),
      ...(done.responseId === undefined ? {} : { responseId: done.responseId }),
      ...(reply.timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs: reply.timeToFirstTokenMs }),
      pendingInputs: 0,
      at: ports.clock.now(),
    },
    events,
    message,
    parallelToolCalls: context?.runtimeAgent.parallelToolCalls ?? true,
  };
}

function toolCallPart(run: TurnRun, call: RawCall): ContentPart {
  const id = run.ports.ids.next("call");
  let args = call.arguments;
  if (typeof args === "string") {
    // Text that is not JSON is kept as it is: the tool answers with an error the model can act on.
    const parsed = parseArgumentsText(args);
    if (parsed.ok) args = parsed.value;
  } else args = copyForeign(args);
  const part = { type: "tool_call" as const, id, name: call.name, arguments: args };
  return Object.freeze(call.providerCallId === undefined ? part : { ...part, providerCallId: call.providerCallId });
}

async function fail(
  run: TurnRun,
  context: TurnContext | undefined,
  request: ModelRequest | undefined,
  messageId: MessageId,
  called: ModelCallResult,
  error: unknown,
): Promise<Reasoned> {
  const { ports, state } = run;
  const failure = toFailure(error);
  const disclosure = narrowDisclosure(context?.config.errorDisclosure ?? "standard", run.controls?.errorDisclosure);
  let disclosed = disclose(failure, disclosure);
  if (context !== undefined && context.config.hasHook.llmError) {
    for (const { owner, hooks } of context.config.hooks) {
      const hook = hooks.llmError?.bind(hooks);
      if (hook === undefined) continue;
      try {
        const amended = hook(failure, contextFor(run, context)(owner.config));
        disclosed = await run.timed(Promise.resolve(amended), ports.limits.hookMs, "run an llmError hook") ?? disclosed;
      } catch (thrown) {
        run.warn("hook_failed", thrown);
      }
    }
  }
  const message: Message = Object.freeze({
    id: messageId,
    role: "agent",
    content: [{ type: "text" as const, text: disclosed }],
    metadata: {
      errorCode: failure.code,
      errorDisclosure: disclosure,
      ...(failure.fields === undefined ? {} : { errorFields: failure.fields }),
    },
    createdAt: ports.clock.now(),
  });
  const events: EventDraft[] = [
    generation(run, context, request, message, called, { success: false, error: failure.message }),
    {
      type: "output.message.completed",
      context: run.eventContext,
      data: { turnId: state.turnId, message, errorCode: failure.code },
    },
    {
      type: "reason.completed",
      context: run.eventContext,
      data: {
        turnId: state.turnId,
        success: false,
        hasToolCalls: false,
        toolCallCount: 0,
        error: failure.message,
        durationMs: called.durationMs,
      },
    },
  ];
  return {
    outcome: { type: "reason_failed", failure, disclosed, disclosure },
    events,
    message,
    parallelToolCalls: true,
    failure,
  };
}

function generation(
  run: TurnRun,
  context: TurnContext | undefined,
  request: ModelRequest | undefined,
  message: Message,
  called: ModelCallResult,
  rest: Partial<GenerationMetadata> & { readonly success: boolean },
): EventDraft {
  const model = context?.modelWithProvider;
  const hash = request === undefined ? undefined : systemPromptHash(request.systemPrompt);
  return {
    type: "llm.generation",
    context: run.eventContext,
    data: {
      turnId: run.state.turnId,
      messageId: message.id,
      messageCount: request?.messages.length ?? 0,
      ...(hash === undefined ? {} : { systemPromptHash: hash }),
      toolNames: request === undefined ? [] : toolNamesOf(request.tools),
      toolCallIds: message.content.flatMap((part) => part.type === "tool_call" ? [part.id] : []),
      metadata: {
        model: model?.model ?? "",
        provider: model?.providerType ?? "",
        durationMs: called.durationMs,
        ...(called.retry === undefined ? {} : { retry: called.retry }),
        ...rest,
      },
    },
  };
}
