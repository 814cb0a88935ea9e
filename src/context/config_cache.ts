/** The folds of a runtime's sessions, kept between turns. */

import type { InitialFile } from "../records/initial_file.ts";
import type { Session } from "../records/session.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";
import { lazy } from "../kit/lazy.ts";
import { type ConfigLayers, type EffectiveOverlay, foldLayers } from "./layers.ts";
import { buildSessionConfig, type SessionConfig } from "./session_config.ts";

const resolving = lazy(() => import("./resolve.ts"));
const policies = lazy(() => import("../kit/network_policy.ts"));

/** Most folds that are shared between sessions. */
const MAX_SHARED = 256;

/** The layers of a session folded into one, and what that resolves to. */
export interface Fold {
  /** The records it was made from. */
  readonly layers: ConfigLayers;
  /** The folded layers. */
  readonly overlay: EffectiveOverlay;
  /** The resolved configuration for the last model. */
  config: SessionConfig | undefined;
  /** The files of the layers and capabilities, once they were collected. */
  files: readonly InitialFile[] | undefined;
}

/** Folds of sessions whose own layer says nothing: those of one harness and agent share one. */
export class SharedFolds {
  readonly #folds = new Map<string, Fold>();

  /** The fold of some layers, made once. */
  fold(layers: ConfigLayers): Fold | Promise<Fold> {
    const key = `${layers.session.harnessId} ${layers.session.agentId ?? ""}`;
    const known = this.#folds.get(key);
    if (known !== undefined && sameUpperLayers(known.layers, layers)) return known;
    const made = makeFold(layers);
    return made instanceof Promise ? made.then((fold) => this.#keep(key, fold)) : this.#keep(key, made);
  }

  #keep(key: string, fold: Fold): Fold {
    if (this.#folds.size >= MAX_SHARED) this.#folds.delete(this.#folds.keys().next().value ?? "");
    this.#folds.set(key, fold);
    return fold;
  }
}

/** The fold of one session, reused while its records stay as they are. */
export class ConfigCache {
  readonly #shared: SharedFolds;
  #own: Fold | undefined;

  /** Keeps a fold; shared ones are looked up first. */
  constructor(shared: SharedFolds = new SharedFolds()) {
    this.#shared = shared;
  }

  /** The fold of the layers; there at once when it was made before. */
  fold(layers: ConfigLayers): Fold | Promise<Fold> {
    if (isPlain(layers.session)) return this.#shared.fold(layers);
    const own = this.#own;
    if (own !== undefined && sameUpperLayers(own.layers, layers) && sameRecord(own.layers.session, layers.session)) {
      return own;
    }
    const made = makeFold(layers);
    return made instanceof Promise ? made.then((fold) => (this.#own = fold)) : (this.#own = made);
  }
}

/** The resolved configuration of a fold for a model; there at once when it was resolved before. */
export function configOf(
  fold: Fold,
  registry: CapabilityRegistry,
  model: string | undefined,
): SessionConfig | Promise<SessionConfig> {
  if (fold.config !== undefined && fold.config.model === model) return fold.config;
  if (fold.overlay.capabilities.length > 0) return resolve(fold, registry, model);
  return (fold.config = buildSessionConfig(fold.overlay, model, [], []));
}

async function resolve(fold: Fold, registry: CapabilityRegistry, model: string | undefined): Promise<SessionConfig> {
  const { resolveCapabilities } = await resolving();
  const { capabilities, warnings } = await resolveCapabilities(fold.overlay.capabilities, registry, model);
  return (fold.config = buildSessionConfig(fold.overlay, model, capabilities, warnings));
}

/** Only two policies have to be compared: the rules for that are loaded for layers that have them. */
function makeFold(layers: ConfigLayers): Fold | Promise<Fold> {
  const all = [...layers.harnessChain, layers.agent, layers.session];
  if (all.filter((layer) => layer?.networkAccess !== undefined).length < 2) {
    return {
      layers,
      overlay: foldLayers(layers, (parent, child) => child ?? parent),
      config: undefined,
      files: undefined,
    };
  }
  return Promise.resolve(policies()).then(({ mergeNetworkAccess }) => {
    return { layers, overlay: foldLayers(layers, mergeNetworkAccess), config: undefined, files: undefined };
  });
}

/** Whether a session's own layer adds nothing to those above it. */
function isPlain(session: Session): boolean {
  return session.capabilities.length === 0 && session.initialFiles.length === 0 && session.tools.length === 0 &&
    (session.systemPrompt === undefined || session.systemPrompt.trim() === "") &&
    session.networkAccess === undefined && session.parallelToolCalls === undefined && session.modelId === undefined &&
    session.maxIterations === undefined && Object.keys(session.mcpServers).length === 0;
}

interface Dated {
  readonly id: string;
  readonly updatedAt: number;
}

function sameUpperLayers(a: ConfigLayers, b: ConfigLayers): boolean {
  if (a.harnessChain.length !== b.harnessChain.length) return false;
  for (let i = 0; i < a.harnessChain.length; i++) if (!sameRecord(a.harnessChain[i], b.harnessChain[i])) return false;
  return sameRecord(a.agent, b.agent);
}

function sameRecord(a: Dated | undefined, b: Dated | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.id === b.id && a.updatedAt === b.updatedAt);
}
