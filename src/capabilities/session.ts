/** The `session` capability: what the session is, and its title. */

import { ToolError } from "../errors.ts";
import type { JsonObject } from "../records/json.ts";
import type { Session } from "../records/session.ts";
import type { Capability } from "../ports/capability.ts";
import type { SessionHost } from "../ports/session_host.ts";
import type { RuntimeSessionStore } from "../ports/stores.ts";
import type { Tool, ToolContext } from "../ports/tool.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { defineTool } from "../kit/define_tool.ts";

/** Most characters of a title. */
const MAX_TITLE = 200;

/** Options of {@linkcode session}. */
export interface SessionCapabilityOptions {
  /**
   * Where sessions are kept.
   *
   * Without it the platform store tells about the session, and the title cannot be changed.
   *
   * @default the platform store of the call
   */
  readonly sessions?: RuntimeSessionStore;
  /** Told of titles that were written. @default nobody is told */
  readonly announce?: NonNullable<SessionHost["announce"]>;
}

/**
 * The tools `get_session_info` and `write_session_title`.
 *
 * Nothing is told that the model could not know already: ids, title, goal, locale, tags and times of its own session.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Named."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability("session"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "write_session_title"));
 * ```
 */
export function session(options: SessionCapabilityOptions = {}): Capability {
  return defineCapability({
    id: "session",
    name: "Session",
    description: "Tells the model about its session, and lets it write the title.",
    category: "session",
    riskLevel: "low",
    tools: [getSessionInfo(options), writeSessionTitle(options)],
    permissions: {},
  });
}

function getSessionInfo({ sessions }: SessionCapabilityOptions): Tool {
  return defineTool({
    name: "get_session_info",
    displayName: "Session details",
    description: "Tells the id, title, goal, locale, tags and times of this session.",
    category: "session",
    effect: "pure",
    hints: { readonly: true },
    permissions: {},
    execute: async (_, context) => describe(await findSession(sessions, context)),
    narrate: () => "Looking at the session",
  });
}

/** It is `idempotent`: the same call writes the same title again. */
function writeSessionTitle({ sessions, announce }: SessionCapabilityOptions): Tool {
  return defineTool({
    name: "write_session_title",
    displayName: "Write session title",
    description: "Gives this session a title for people: a few words on what it is about.",
    parameters: {
      type: "object",
      properties: { title: { type: "string", minLength: 1, maxLength: MAX_TITLE, description: "The title." } },
      required: ["title"],
      additionalProperties: false,
    },
    category: "session",
    effect: "idempotent",
    concurrencyClass: "session",
    hints: { readonly: false },
    permissions: {},
    execute: async ({ title }, { sessionId }) => {
      const line = String(title).replace(/[\s\p{Cc}]+/gu, " ").trim();
      if (line === "") throw new ToolError("The title is empty");
      if (sessions?.updateSessionTitle === undefined) {
        throw new ToolError("The title cannot be changed: this host's sessions have fixed titles");
      }
      await sessions.updateSessionTitle(sessionId, line);
      announce?.(sessionId, { type: "session.title.updated", title: line });
      return { title: line };
    },
    narrate: ({ title }) => `Naming the session ${title}`,
  });
}

async function findSession(sessions: RuntimeSessionStore | undefined, context: ToolContext): Promise<Session> {
  const { sessionId, platform } = context;
  const found = await (sessions ?? platform)?.getSession(sessionId);
  if (found === undefined) throw new ToolError("The session's record cannot be read here");
  return found;
}

function describe(record: Session): JsonObject {
  const { agentId, title, goal, locale, parentSessionId } = record;
  const optional = { agent_id: agentId, title, goal, locale, parent_session_id: parentSessionId };
  return {
    session_id: record.id,
    harness_id: record.harnessId,
    workspace_id: record.workspaceId,
    ...Object.fromEntries(
      Object.entries(optional).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]),
    ),
    tags: record.tags,
    capabilities: record.capabilities.map(({ ref }) => ref),
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
  };
}
