/** Looking at what a turn would use, without running one. */

import { ProviderError, RuntimeError } from "../errors.ts";
import { idFromSeed, type SessionId } from "../records/ids.ts";
import { type Controls, type InputMessage, toInputMessage } from "../records/message.ts";
import type { ResponseFormat } from "../records/response_format.ts";
import type { PreparedRequest } from "../ports/driver.ts";
import type { CapabilityHooks } from "../ports/capability.ts";
import type { ToolParameters } from "../kit/define_tool.ts";
import { within } from "../kit/within.ts";
import { inspectTurnContext, type TurnContext } from "../context/turn_context.ts";
import { toForm, withForm } from "../turn/answer_form.ts";
import type { KernelPorts } from "../turn/kernel_ports.ts";
import { toMessage } from "../turn/input.ts";
import { toModelMessages } from "../turn/history.ts";
import { buildModelRequest } from "../turn/model_request.ts";
import { controlsFor, lastControls } from "../context/layers.ts";
import { shownError } from "../turn/shown_error.ts";

/** The exact next provider request, and what could still change it. */
export interface RequestPreview extends PreparedRequest {
  /** Hooks that would run before the request and may rewrite the prompt; a preview runs none. */
  readonly hooksNotRun: readonly string[];
}

/** Options of a preview. */
export interface PreviewOptions {
  /**
   * The form the turn's final answer would be asked to have.
   *
   * @default {any text}
   */
  readonly responseFormat?: ResponseFormat<ToolParameters>;
}

/** Stands for the id of an input that is only looked at; no request carries it. */
const UNSENT = idFromSeed("message", 0);

/** What is looked at. */
interface Inspected {
  readonly context: TurnContext;
  /** The wishes that count. */
  readonly controls: Controls | undefined;
}

/** Assembles the context of a session for inspection. */
export async function inspectContext(ports: KernelPorts, sessionId: SessionId): Promise<TurnContext> {
  return (await inspect(ports, sessionId, undefined)).context;
}

/** Assembles the context; `input` counts as its newest message. */
async function inspect(
  ports: KernelPorts,
  sessionId: SessionId,
  input: string | InputMessage | undefined,
): Promise<Inspected> {
  const stored = await ports.journal.messages(sessionId);
  const now = ports.clock.now();
  const message = input === undefined ? undefined : toInputMessage(input);
  const messages = message === undefined ? stored : [...stored, toMessage(message, UNSENT, now)];
  const controls = message === undefined ? lastControls(stored) : controlsFor(message, stored);
  const request = { sessionId, messages, now, ...(controls === undefined ? {} : { controls }) };
  // A prompt function is the host's: it may hang. It gets as long as in a turn.
  const milliseconds = ports.limits.hookMs * 2;
  const assembling = inspectTurnContext(ports.sources, request);
  if (await within(ports.clock, milliseconds, assembling)) return { context: await assembling, controls };
  throw new RuntimeError(
    "deadline_exceeded",
    `Cannot assemble the context of session "${sessionId}": no answer within ${milliseconds} ms`,
  );
}

/**
 * Builds the request the next reason step would send, with the same code.
 *
 * @throws {ProviderError} `model_not_configured`, `driver_not_registered` or `provider_misconfigured`
 */
export async function previewNextRequest(
  ports: KernelPorts,
  sessionId: SessionId,
  input?: string | InputMessage,
  options: PreviewOptions = {},
): Promise<RequestPreview> {
  try {
    return await preview(ports, sessionId, input, options);
  } catch (thrown) {
    throw shownError(thrown, ports.secrets);
  }
}

async function preview(
  ports: KernelPorts,
  sessionId: SessionId,
  input: string | InputMessage | undefined,
  options: PreviewOptions,
): Promise<RequestPreview> {
  const { context, controls } = await inspect(ports, sessionId, input);
  const model = context.modelWithProvider;
  if (model === undefined) {
    throw new ProviderError(
      "model_not_configured",
      "No model is configured; set one with the builder's defaultModel()",
    );
  }
  const driver = await ports.driver(model);
  const { session } = context;
  const now = ports.clock.now();
  const built = await buildModelRequest(context, {
    sessionId,
    controls,
    previousResponseId: undefined,
    profile: await ports.profile(model),
    transcript: toModelMessages(context.messages),
    history: context.messages,
    capabilityContext: (config) => ({
      session,
      config,
      locale: context.resolvedLocale,
      model: model.model,
      files: ports.sources.files(session.workspaceId),
      now,
    }),
  });
  const { responseFormat } = options;
  const request = responseFormat === undefined ? built : withForm(built, toForm(responseFormat), driver);
  const hooksNotRun: (keyof CapabilityHooks)[] = input === undefined ? [] : ["userPromptSubmit"];
  return Object.freeze({
    ...driver.prepare(request),
    hooksNotRun: context.config.hooks.flatMap(({ owner, hooks }) =>
      hooksNotRun.filter((name) => hooks[name] !== undefined).map((name) => `${owner.capability.id}.${name}`)
    ),
  });
}
