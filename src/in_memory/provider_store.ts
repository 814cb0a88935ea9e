/** Models and providers in memory. */

import type { ModelId } from "../records/ids.ts";
import type { ResolvedModel } from "../records/model.ts";
import { Secret } from "../records/secret.ts";
import type { RuntimeProviderStore } from "../ports/stores.ts";

/**
 * Keeps models in a map; gone with the process.
 *
 * A key given as a string is wrapped in a {@linkcode Secret} on its way in, so that printing the store or a model
 * never shows it.
 */
export class InMemoryProviderStore implements RuntimeProviderStore {
  readonly #models = new Map<ModelId, ResolvedModel>();
  #default: ResolvedModel | undefined;

  /** A model by id, or undefined. */
  getResolvedModel(id: ModelId): Promise<ResolvedModel | undefined> {
    return Promise.resolve(this.#models.get(id));
  }

  /** The platform's fallback model, or undefined. */
  getDefaultModel(): Promise<ResolvedModel | undefined> {
    return Promise.resolve(this.#default);
  }

  /** Sets the fallback model. */
  setDefaultModel(model: ResolvedModel): Promise<void> {
    this.#default = sealed(model);
    return Promise.resolve();
  }

  /** Inserts or replaces a model. */
  addModel(id: ModelId, model: ResolvedModel): Promise<void> {
    this.#models.set(id, sealed(model));
    return Promise.resolve();
  }
}

function sealed(model: ResolvedModel): ResolvedModel {
  const { apiKey } = model;
  return Object.freeze(apiKey === undefined ? { ...model } : { ...model, apiKey: Secret.from(apiKey) });
}
