/** Drivers, made once for each set of credentials, and what those are. */

import { ProviderError } from "../errors.ts";
import type { JsonValue } from "../records/json.ts";
import type { ModelProfile, ResolvedModel } from "../records/model.ts";
import { Secret } from "../records/secret.ts";
import type { Driver, DriverConfig, DriverDescriptor } from "../ports/driver.ts";
import type { RuntimeProviderStore } from "../ports/stores.ts";
import type { Redactor } from "../kit/redactor.ts";
import type { DriverRegistry } from "../kit/registries.ts";
import type { SecretFilter } from "../turn/kernel_ports.ts";

const MAX_DRIVERS = 64;

/** The secrets of one runtime, so that nothing it lets out repeats them. */
export class KnownSecrets implements SecretFilter {
  #redactor: Redactor | undefined;

  /** Remembers a model's key, which not even results may repeat; a word such as `ollama` that stands for none may stay. */
  learnKey(key: string | Secret | undefined): Promise<void> | undefined {
    const value = key === undefined ? "" : Secret.from(key).reveal().trim();
    return value === "" ? undefined : this.#learn((redactor) => redactor.addKey(value));
  }

  /** See {@linkcode SecretFilter.learn}. */
  learn(secret: Secret): Promise<void> {
    return this.#learn((redactor) => redactor.addOther(secret.reveal()));
  }

  /** See {@linkcode SecretFilter.redact}. */
  redact(text: string): string {
    return this.#redactor?.redactKnown(text) ?? text;
  }

  /** See {@linkcode SecretFilter.redactResult}. */
  redactResult<T extends JsonValue>(value: T): T {
    return this.#redactor?.redactResult(value) ?? value;
  }

  /** See {@linkcode SecretFilter.beginning}. */
  beginning(text: string): number {
    return this.#redactor?.beginning(text) ?? 0;
  }

  async #learn(how: (redactor: Redactor) => void): Promise<void> {
    const { Redactor } = await import("../kit/redactor.ts");
    how(this.#redactor ??= new Redactor());
  }
}

/** Makes drivers when they are first needed and keeps the newest 64. */
export class DriverPool {
  readonly #registry: DriverRegistry;
  readonly #secrets: KnownSecrets;
  readonly #byModel = new WeakMap<ResolvedModel, Driver>();
  readonly #byKey = new Map<string, Driver | Promise<Driver>>();

  /** Makes drivers out of a registry; what their keys are is known before they are made. */
  constructor(registry: DriverRegistry, secrets: KnownSecrets = new KnownSecrets()) {
    this.#registry = registry;
    this.#secrets = secrets;
  }

  /**
   * The driver of a model.
   *
   * @throws {ProviderError} `driver_not_registered`, or `provider_misconfigured` when a needed key is missing
   */
  driver(model: ResolvedModel): Driver | Promise<Driver> {
    const known = Object.isFrozen(model) ? this.#byModel.get(model) : undefined;
    if (known !== undefined) return known;
    const descriptor = this.#descriptor(model);
    if (descriptor.requiresApiKey && (model.apiKey === undefined || Secret.from(model.apiKey).reveal() === "")) {
      throw new ProviderError(
        "provider_misconfigured",
        `Cannot call "${model.model}": driver "${descriptor.id}" needs an apiKey`,
      );
    }
    const made = this.#make(descriptor, model);
    if (!(made instanceof Promise)) this.#byModel.set(model, made);
    return made;
  }

  /** What is known about a model: what the host knows better, else what its driver knows. */
  profile(
    model: ResolvedModel,
    host: Pick<RuntimeProviderStore, "getModelProfile">,
  ): ModelProfile | undefined | Promise<ModelProfile | undefined> {
    const own = () => this.#registry.get(model.providerType)?.profile?.(model.model, driverConfig(model));
    return host.getModelProfile?.(model).then((known) => known ?? own()) ?? own();
  }

  #descriptor(model: ResolvedModel): DriverDescriptor {
    const descriptor = this.#registry.get(model.providerType);
    if (descriptor !== undefined) return descriptor;
    const known = this.#registry.ids().join(", ");
    throw new ProviderError(
      "driver_not_registered",
      `Cannot call model "${model.model}": driver "${model.providerType}" is not registered` +
        ` (registered: ${known === "" ? "none" : known}); register it on the DriverRegistry`,
    );
  }

  #make(descriptor: DriverDescriptor, model: ResolvedModel): Driver | Promise<Driver> {
    const key = keyOf(model);
    const cached = this.#byKey.get(key);
    if (cached !== undefined) return cached;
    const learning = this.#secrets.learnKey(model.apiKey);
    const create = (): Driver | Promise<Driver> => descriptor.create(driverConfig(model));
    const made = learning === undefined ? create() : learning.then(create);
    if (this.#byKey.size >= MAX_DRIVERS) this.#byKey.delete(this.#byKey.keys().next().value ?? "");
    this.#byKey.set(key, made);
    if (made instanceof Promise) {
      made.then((driver) => {
        this.#byKey.set(key, driver);
        this.#byModel.set(model, driver);
      }, () => this.#byKey.delete(key));
    }
    return made;
  }
}

/** The part of a model a driver is created with. */
export function driverConfig(model: ResolvedModel): DriverConfig {
  return {
    ...(model.apiKey === undefined ? {} : { apiKey: Secret.from(model.apiKey) }),
    ...(model.baseUrl === undefined ? {} : { baseUrl: model.baseUrl }),
    ...(model.providerMetadata === undefined ? {} : { providerMetadata: model.providerMetadata }),
  };
}

/** Two models with the same key share a driver; the key stays in this process's memory. */
function keyOf(model: ResolvedModel): string {
  const secret = model.apiKey === undefined ? "" : Secret.from(model.apiKey).reveal();
  return JSON.stringify([model.providerType, model.baseUrl ?? "", secret, model.providerMetadata ?? null]);
}
