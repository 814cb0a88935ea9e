/** Questions to the model beside the conversation, and what a session has used so far. */

import { ProviderError, RuntimeError } from "../errors.ts";
import type { EventContext, EventDraft } from "../records/event.ts";
import type { SessionId } from "../records/ids.ts";
import type { TurnState } from "../records/turn.ts";
import type { GenerationMetadata } from "../records/event_data.ts";
import type { ModelProfile, ResolvedModel } from "../records/model.ts";
import { addUsage, NO_USAGE, type Usage } from "../records/usage.ts";
import type { Driver, ModelMessage, ModelRequest } from "../ports/driver.ts";
import type { SideModelReply, SideModelRequest } from "../ports/running_turn.ts";
import type { Mutable } from "../kit/mutable.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { toModelMessages } from "./history.ts";
import { buildModelRequest } from "./model_request.ts";
import type { KernelPorts } from "./kernel_ports.ts";
import { decideRetry, fraction } from "./retry.ts";
import type { SessionShare } from "./session_share.ts";
import { shownError } from "./shown_error.ts";
import type { Interrupts } from "./watchdog.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
/** Longest wait for one answer. */
export const MAX_SIDE_CALL_MS = 120_000;
const DEFAULT_MAX_TOKENS = 2000;
const MAX_TEXT = 256 * 1024;
const PAGE = 1000;

/** What is seen of a running turn here. */
export interface ObservedTurn {
  /** What it runs on. */
  readonly ports: KernelPorts;
  /** What it shares. */
  readonly share: SessionShare;
  /** Ends its waits. */
  readonly interrupts: Interrupts;
  /** The session. */
  readonly sessionId: SessionId;
  /** What its events belong to. */
  readonly eventContext: EventContext;
  /** Its context as it was last assembled. */
  readonly assembled: TurnContext | undefined;
  /** Events that go with its next commit. */
  readonly recorded: EventDraft[];
  /** The planner's state as of the last step. */
  state: TurnState;
  /** Reports something that must not stop it. */
  warn(code: string, thrown: unknown): void;
}

/** Who asks, and what of. */
export interface SideCallScope {
  /** What the runtime runs on. */
  readonly ports: KernelPorts;
  /** The session's context. */
  readonly context: TurnContext;
  /** The conversation, for those who want it sent. */
  readonly conversation: () => readonly ModelMessage[] | Promise<readonly ModelMessage[]>;
}

/** Asks as part of a turn: counted, and ended with it. */
export async function askInTurn(run: ObservedTurn, request: SideModelRequest): Promise<SideModelReply> {
  const context = run.assembled;
  if (context === undefined) throw new RuntimeError("internal", "Cannot ask the model: the turn has no context yet");
  const { transcript } = run.share.history;
  const stop = new AbortController();
  const off = run.interrupts.onInterrupt((reason) => stop.abort(reason));
  const startedAt = run.ports.clock.monotonic();
  try {
    const signal = request.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, request.signal]);
    const scope = { ports: run.ports, context, conversation: () => transcript.messages };
    const reply = await askModel(scope, { ...request, signal });
    count(run, reply, run.ports.clock.monotonic() - startedAt);
    return { text: reply.text, finishReason: reply.finishReason, ...usageOf(reply.usage) };
  } finally {
    off();
  }
}

/** Asks outside of a turn, on behalf of a command; nothing is counted. */
export async function askForCommand(
  ports: KernelPorts,
  context: TurnContext,
  request: SideModelRequest,
): Promise<SideModelReply> {
  const { session, messages } = context;
  const conversation = async (): Promise<readonly ModelMessage[]> => {
    const model = context.modelWithProvider;
    const built = await buildModelRequest(context, {
      sessionId: session.id,
      controls: undefined,
      previousResponseId: undefined,
      profile: model === undefined ? undefined : await profileOf(ports, model),
      transcript: toModelMessages(messages),
      history: messages,
      capabilityContext: (config) => ({
        session,
        config,
        locale: context.resolvedLocale,
        model: model?.model,
        files: ports.sources.files(session.workspaceId),
        now: ports.clock.now(),
      }),
    });
    return built.messages;
  };
  try {
    const { text, finishReason, usage } = await askModel({ ports, context, conversation }, request);
    return { text, finishReason, ...usageOf(usage) };
  } catch (thrown) {
    throw shownError(thrown, ports.secrets);
  }
}

/** Without what the provider would do itself: a side question does not ask it to. */
async function profileOf(ports: KernelPorts, model: ResolvedModel): Promise<ModelProfile | undefined> {
  const { native: _, ...profile } = await ports.profile(model) ?? {};
  return profile;
}

/** Counts an answer for the turn; the event with what it used goes with the next commit. */
function count(run: ObservedTurn, { usage, model, provider, finishReason }: Answer, durationMs: number): void {
  const { state } = run;
  run.state = {
    ...state,
    llmCallCount: state.llmCallCount + 1,
    usage: usage === undefined ? state.usage : addUsage(state.usage, usage),
  };
  const metadata: GenerationMetadata = { model, provider, durationMs, success: true, finishReason, ...usageOf(usage) };
  run.recorded.push({
    type: "llm.generation",
    context: run.eventContext,
    data: { turnId: state.turnId, messageCount: 0, toolNames: [], toolCallIds: [], metadata },
  });
}

function usageOf(usage: Usage | undefined): { readonly usage?: Usage } {
  return usage === undefined ? {} : { usage };
}

/** An answer, and who gave it. */
export interface Answer extends SideModelReply {
  /** The model that was asked. */
  readonly model: string;
  /** Its driver. */
  readonly provider: string;
}

/**
 * Asks once, failed tries included.
 *
 * @throws {ProviderError} when the provider fails
 * @throws {RuntimeError} `deadline_exceeded`
 */
export async function askModel(scope: SideCallScope, request: SideModelRequest): Promise<Answer> {
  const { ports } = scope;
  const timeoutMs = checkedTimeout(request.timeoutMs);
  const stop = new AbortController();
  const deadline = ports.clock.setTimer(() => {
    stop.abort(new RuntimeError("deadline_exceeded", `Cannot ask the model: no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  const signal = request.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, request.signal]);
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([ask(scope, request, signal), aborted.promise]);
  } finally {
    deadline.cancel();
    signal.removeEventListener("abort", onAbort);
    stop.abort(new RuntimeError("turn_over", "The side question is over"));
  }
}

function checkedTimeout(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return DEFAULT_TIMEOUT_MS;
  if (typeof timeoutMs !== "number" || !(timeoutMs > 0)) {
    throw new RangeError(`Cannot ask the model: timeoutMs is ${String(timeoutMs)}, expected a number above 0`);
  }
  return Math.min(timeoutMs, MAX_SIDE_CALL_MS);
}

async function ask(scope: SideCallScope, request: SideModelRequest, signal: AbortSignal): Promise<Answer> {
  const { ports } = scope;
  const model = await modelOf(scope, request);
  const driver = await ports.driver(model);
  const profile = await ports.profile(model);
  const built = await buildRequest(scope, request, model, profile?.temperature !== false);
  const startedAt = ports.clock.monotonic();
  for (let tries = 1;; tries++) {
    try {
      return { ...await read(driver, built, signal), model: model.model, provider: model.providerType };
    } catch (error) {
      signal.throwIfAborted();
      const elapsedMs = ports.clock.monotonic() - startedAt;
      const decision = decideRetry({ error, tries, elapsedMs }, ports.retry, fraction(ports.random));
      if (decision.type === "fail") throw decision.error;
      await pause(ports, decision.waitMs, signal);
    }
  }
}

function pause(ports: KernelPorts, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = ports.clock.setTimer(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

async function modelOf({ ports, context }: SideCallScope, request: SideModelRequest): Promise<ResolvedModel> {
  if (request.modelId === undefined) {
    if (context.modelWithProvider !== undefined) return context.modelWithProvider;
    throw new ProviderError("model_not_configured", "Cannot ask the model: the session has none");
  }
  const model = await ports.sources.providers.getResolvedModel(request.modelId);
  if (model !== undefined) return model;
  throw new ProviderError("model_not_configured", `Cannot ask model "${request.modelId}": it is not stored`);
}

async function buildRequest(
  scope: SideCallScope,
  request: SideModelRequest,
  model: ResolvedModel,
  takesTemperature: boolean,
): Promise<ModelRequest> {
  const { context } = scope;
  const prompts = [request.systemPrompt ?? "", request.asSession === true ? context.runtimeAgent.systemPrompt : ""];
  const messages = [
    ...(request.asSession === true ? await scope.conversation() : []),
    ...(request.history === undefined ? [] : toModelMessages(request.history)),
    ...request.messages ?? [],
  ];
  if (messages.length === 0) throw new TypeError("Cannot ask the model: the request has no messages");
  const built: Mutable<ModelRequest> = {
    model: model.model,
    systemPrompt: prompts.filter((prompt) => prompt !== "").join("\n\n"),
    messages,
    tools: [],
    maxTokens: request.maxTokens ?? DEFAULT_MAX_TOKENS,
    metadata: { session_id: context.session.id },
  };
  if (request.temperature !== undefined && takesTemperature) built.temperature = request.temperature;
  return built;
}

async function read(driver: Driver, request: ModelRequest, signal: AbortSignal): Promise<SideModelReply> {
  let text = "";
  for await (const event of driver.stream(request, { signal })) {
    signal.throwIfAborted();
    if (event.type === "text") {
      text += event.delta;
      if (text.length > MAX_TEXT) {
        throw new ProviderError("provider_unavailable", `The answer has more than ${MAX_TEXT} characters`);
      }
    } else if (event.type === "done") {
      return { text, finishReason: String(event.finishReason), ...usageOf(event.usage) };
    }
  }
  throw new ProviderError("provider_unavailable", "The model stream ended before the reply was complete", {
    retryable: true,
  });
}

/** Sums what the session's events say, those of this turn that are not stored yet included. */
export async function readSessionUsage(run: ObservedTurn): Promise<Usage> {
  const { share, ports, sessionId } = run;
  const spent = share.spent ??= { total: NO_USAGE, sequence: 0 };
  const last = run.share.history.sequence;
  while (spent.sequence < last) {
    const events = await ports.journal.events(sessionId, { after: spent.sequence, limit: PAGE });
    if (events.length === 0) break;
    for (const event of events) {
      // Two readers at once must not count an event twice.
      if ((event.sequence ?? 0) <= spent.sequence) continue;
      spent.sequence = event.sequence ?? spent.sequence;
      const usage = event.type === "llm.generation" ? event.data.metadata.usage : undefined;
      if (usage !== undefined) spent.total = addUsage(spent.total, usage);
    }
  }
  let { total } = spent;
  for (const { type, data } of run.recorded) {
    if (type === "llm.generation" && data.metadata.usage !== undefined) total = addUsage(total, data.metadata.usage);
  }
  return total;
}
