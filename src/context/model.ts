/** Which model and locale a turn uses. */

import type { ModelId } from "../records/ids.ts";
import type { Controls, Message } from "../records/message.ts";
import type { ResolvedModel } from "../records/model.ts";
import type { Session } from "../records/session.ts";
import type { RuntimeProviderStore } from "../ports/stores.ts";

/** A model and the id it was found under. */
export interface ModelChoice {
  /** How to call it; undefined when none is configured. */
  readonly model: ResolvedModel | undefined;
  /** The id, unless it is the platform's fallback. */
  readonly modelId: ModelId | undefined;
}

/**
 * The wish of the message, then the layers from the nearest, then the platform's fallback.
 *
 * An id the provider store does not know falls through to the next.
 */
export async function resolveModel(
  controls: Controls | undefined,
  modelIds: readonly ModelId[],
  providers: RuntimeProviderStore,
): Promise<ModelChoice> {
  const wished = controls?.modelId;
  if (wished !== undefined) {
    const model = await providers.getResolvedModel(wished);
    if (model !== undefined) return { model, modelId: wished };
  }
  for (const modelId of modelIds) {
    const model = await providers.getResolvedModel(modelId);
    if (model !== undefined) return { model, modelId };
  }
  return { model: await providers.getDefaultModel(), modelId: undefined };
}

/** The wish of the message, then the session's locale; blank ones do not count. */
export function resolveLocale(controls: Controls | undefined, session: Session): string | undefined {
  return nonBlank(controls?.locale) ?? nonBlank(session.locale);
}

function nonBlank(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

/** The controls of the newest user message. */
export function lastControls(messages: readonly Message[]): Controls | undefined {
  for (let i = messages.length - 1; i >= 0; i--) {
    if (messages[i]!.role === "user") return messages[i]!.controls;
  }
  return undefined;
}
