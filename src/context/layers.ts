/** Reading the layers of a session and folding them once. */

import { NotFoundError, RuntimeError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { RuntimeAgentStore, RuntimeHarnessStore, RuntimeSessionStore } from "../ports/stores.ts";
import type { CapabilityRegistry } from "../kit/capability_registry.ts";
import { type ConfigLayers, type EffectiveOverlay, foldLayers } from "./fold.ts";
import { resolveCapabilities } from "./resolve.ts";
import { buildSessionConfig, type SessionConfig } from "./session_config.ts";

/** Where the layers come from. */
export interface LayerSources {
  /** Harnesses. */
  readonly harnesses: RuntimeHarnessStore;
  /** Agents. */
  readonly agents: RuntimeAgentStore;
  /** Sessions. */
  readonly sessions: RuntimeSessionStore;
}

/**
 * Reads the records of a session.
 *
 * @throws {NotFoundError} when the session, its harness or its agent is not stored
 * @throws {RuntimeError} `dependency_unavailable` when the harness or agent is archived or deleted
 */
export async function readLayers(sessionId: SessionId, sources: LayerSources): Promise<ConfigLayers> {
  const session = await sources.sessions.getSession(sessionId);
  if (session === undefined) {
    throw new NotFoundError("session", sessionId, "add it with the builder's session() or runtime.createSession()");
  }
  const harnessChain = await sources.harnesses.getHarnessChain(session.harnessId);
  const leaf = harnessChain.at(-1);
  if (leaf === undefined) {
    throw new NotFoundError("harness", session.harnessId, "add it with the builder's harness()");
  }
  const agent = session.agentId === undefined ? undefined : await sources.agents.getAgent(session.agentId);
  if (session.agentId !== undefined && agent === undefined) {
    throw new NotFoundError("agent", session.agentId, "add it with the builder's agent()");
  }
  return agent === undefined ? { harnessChain, session } : { harnessChain, agent, session };
}

/**
 * Refuses layers that are no longer in use.
 *
 * @throws {RuntimeError} `dependency_unavailable`
 */
export function requireActive(layers: ConfigLayers): void {
  for (const harness of layers.harnessChain) {
    if (harness.status !== "active") throw unavailable("harness", harness.name, harness.status);
  }
  if (layers.agent !== undefined && layers.agent.status !== "active") {
    throw unavailable("agent", layers.agent.name, layers.agent.status);
  }
}

function unavailable(kind: string, name: string, status: string): RuntimeError {
  return new RuntimeError("dependency_unavailable", `Cannot run a turn: ${kind} "${name}" is ${status}; restore it`, {
    fields: { kind, name, status },
  });
}

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
