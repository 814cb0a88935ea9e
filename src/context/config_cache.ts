/** The fold of a session, kept between turns. */

import type { CapabilityRegistry } from "../kit/capability_registry.ts";
import { type ConfigLayers, type EffectiveOverlay, foldLayers } from "./layers.ts";
import { resolveCapabilities } from "./resolve.ts";
import { buildSessionConfig, type SessionConfig } from "./session_config.ts";

/** A fold that is reused while its records stay as they are. */
export class ConfigCache {
  #layers: ConfigLayers | undefined;
  #overlay: EffectiveOverlay | undefined;
  #config: SessionConfig | undefined;

  /** The folded layers. */
  overlay(layers: ConfigLayers): EffectiveOverlay {
    if (this.#overlay === undefined || this.#layers === undefined || !sameLayers(this.#layers, layers)) {
      this.#overlay = foldLayers(layers);
      this.#layers = layers;
      this.#config = undefined;
    }
    return this.#overlay;
  }

  /** The resolved configuration for a model. */
  async config(layers: ConfigLayers, registry: CapabilityRegistry, model: string | undefined): Promise<SessionConfig> {
    const overlay = this.overlay(layers);
    const cached = this.#config;
    if (cached !== undefined && cached.overlay === overlay && cached.model === model) return cached;
    const { capabilities, warnings } = overlay.capabilities.length === 0
      ? NOTHING
      : await resolveCapabilities(overlay.capabilities, registry, model);
    const config = buildSessionConfig(layers, overlay, model, capabilities, warnings);
    this.#config = config;
    return config;
  }
}

const NOTHING = Object.freeze({ capabilities: Object.freeze([]), warnings: Object.freeze([]) });

interface Dated {
  readonly id: string;
  readonly updatedAt: number;
}

function sameLayers(a: ConfigLayers, b: ConfigLayers): boolean {
  if (a === b) return true;
  if (a.harnessChain.length !== b.harnessChain.length) return false;
  for (let i = 0; i < a.harnessChain.length; i++) if (!sameRecord(a.harnessChain[i], b.harnessChain[i])) return false;
  return sameRecord(a.agent, b.agent) && sameRecord(a.session, b.session);
}

function sameRecord(a: Dated | undefined, b: Dated | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.id === b.id && a.updatedAt === b.updatedAt);
}
