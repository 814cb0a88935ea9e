/** Looking at what a turn would use, without running one. */

import { ProviderError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import { type InputMessage, type Message, toInputMessage } from "../records/message.ts";
import type { PreparedRequest } from "../ports/driver.ts";
import type { CapabilityHooks } from "../ports/capability.ts";
import { inspectTurnContext, type TurnContext } from "../context/turn_context.ts";
import type { KernelPorts } from "../turn/kernel_ports.ts";
import { toMessage } from "../turn/input.ts";
import { toModelMessages } from "../turn/history.ts";
import { buildModelRequest } from "../turn/model_request.ts";
import { lastControls } from "../context/layers.ts";

/** The exact next provider request, and what could still change it. */
export interface RequestPreview extends PreparedRequest {
  /** Hooks that would run before the request and may rewrite the prompt; a preview runs none. */
  readonly hooksNotRun: readonly string[];
}

/** Assembles the context of a session for inspection; `input` counts as its newest message. */
export async function inspectContext(
  ports: KernelPorts,
  sessionId: SessionId,
  input?: string | InputMessage,
): Promise<TurnContext> {
  const stored = await ports.journal.messages(sessionId);
  const now = ports.clock.now();
  const messages: readonly Message[] = input === undefined
    ? stored
    : [...stored, toMessage(toInputMessage(input), ports.ids.next("message"), now)];
  return await inspectTurnContext(ports.sources, { sessionId, messages, now });
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
): Promise<RequestPreview> {
  const context = await inspectContext(ports, sessionId, input);
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
  const request = await buildModelRequest(context, {
    sessionId,
    controls: lastControls(context.messages),
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
  const hooksNotRun: (keyof CapabilityHooks)[] = input === undefined ? [] : ["userPromptSubmit"];
  return Object.freeze({
    ...driver.prepare(request),
    hooksNotRun: context.config.hooks.flatMap(({ owner, hooks }) =>
      hooksNotRun.filter((name) => hooks[name] !== undefined).map((name) => `${owner.capability.id}.${name}`)
    ),
  });
}
