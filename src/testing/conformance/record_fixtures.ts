/** Records the conformance suite stores: complete, deterministic, told apart by a seed. */

import type { Agent, Harness } from "../../records/harness.ts";
import { DEFAULT_ORG_ID, idFromSeed } from "../../records/ids.ts";
import type { Message } from "../../records/message.ts";
import type { ResolvedModel } from "../../records/model.ts";
import type { Session } from "../../records/session.ts";

const CREATED_AT = 1_750_000_000_000;

/** A harness with every kind of member, for what a store must give back. */
export function harnessFixture(seed: number, change: Partial<Harness> = {}): Harness {
  return {
    id: idFromSeed("harness", seed),
    name: `harness-${seed}`,
    displayName: `Harness ${seed}`,
    systemPrompt: "Be brief.\nBe kind. \u{1F44B}",
    capabilities: [{ ref: "current_time" }, { ref: "session_file_system", config: { depth: [1, { deep: null }] } }],
    initialFiles: [{ path: "/notes.md", content: "# Notes", encoding: "text", isReadonly: true }],
    networkAccess: { allowed: ["*.example.com"], blocked: ["bad.example.com"] },
    parallelToolCalls: false,
    mcpServers: {},
    tags: ["a", "b"],
    embedderMetadata: { "X-Title": "Conformance" },
    isBuiltIn: false,
    status: "active",
    createdAt: CREATED_AT + seed,
    updatedAt: CREATED_AT + seed,
    ...change,
  };
}

/** An agent. */
export function agentFixture(seed: number, change: Partial<Agent> = {}): Agent {
  return {
    id: idFromSeed("agent", seed),
    name: `agent-${seed}`,
    systemPrompt: "Answer in one line.",
    capabilities: [{ ref: "test_math" }],
    initialFiles: [],
    mcpServers: {},
    tags: [],
    maxIterations: 7,
    tools: [{ type: "client_side", name: "ask", description: "Asks.", parameters: { type: "object", properties: {} } }],
    status: "active",
    usage: { inputTokens: 3, outputTokens: 4 },
    createdAt: CREATED_AT + seed,
    updatedAt: CREATED_AT + seed,
    ...change,
  };
}

/** A session; a higher seed is a newer one. */
export function sessionFixture(seed: number, change: Partial<Session> = {}): Session {
  const id = idFromSeed("session", seed);
  return {
    id,
    workspaceId: id,
    organizationId: DEFAULT_ORG_ID,
    harnessId: idFromSeed("harness", seed),
    title: `Session ${seed}`,
    locale: "de-CH",
    capabilities: [{ ref: "current_time" }],
    initialFiles: [],
    mcpServers: {},
    tags: [],
    tools: [],
    hints: { rich_media: true },
    createdAt: CREATED_AT + seed,
    updatedAt: CREATED_AT + seed,
    ...change,
  };
}

/** A message; give it a `sequence` unless the host stores it itself. */
export function messageFixture(seed: number, change: Partial<Message> = {}): Message {
  return {
    id: idFromSeed("message", seed),
    role: seed % 2 === 0 ? "agent" : "user",
    content: [{ type: "text", text: `message ${seed}` }],
    metadata: { seed },
    createdAt: CREATED_AT + seed,
    ...change,
  };
}

/** A model; its key is a string. */
export function modelFixture(seed: number, change: Partial<ResolvedModel> = {}): ResolvedModel {
  return {
    model: `sim-${seed}`,
    providerType: "llmsim",
    apiKey: `key-${seed}`,
    baseUrl: "http://127.0.0.1:1/",
    providerMetadata: { region: ["eu"] },
    ...change,
  };
}
