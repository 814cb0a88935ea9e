/** Sources of a turn context on in-memory stores. */

import {
  type AgentId,
  type AgentInput,
  type Capability,
  CapabilityRegistry,
  type ContextSources,
  createAgent,
  createHarness,
  createSession,
  type HarnessId,
  type HarnessInput,
  idFromSeed,
  InMemoryAgentStore,
  InMemoryFileStore,
  InMemoryHarnessStore,
  InMemoryProviderStore,
  InMemorySessionStore,
  type Message,
  type SessionId,
  type SessionInput,
  type Tool,
} from "../../../mod.ts";
import { WorkspaceFiles } from "../../../src/runtime/session_files.ts";

/** The harness of {@linkcode TestSources}. */
export const HARNESS: HarnessId = idFromSeed("harness", 1);
/** The agent of {@linkcode TestSources}. */
export const AGENT: AgentId = idFromSeed("agent", 1);
/** The session of {@linkcode TestSources}. */
export const SESSION: SessionId = idFromSeed("session", 1);

/** What {@linkcode testSources} stores. */
export interface SourceOptions {
  /** The harness of the session. */
  readonly harness?: Partial<HarnessInput>;
  /** Harnesses above it. */
  readonly parents?: readonly HarnessInput[];
  /** The agent; absent means none. */
  readonly agent?: Partial<AgentInput>;
  /** The session. */
  readonly session?: Partial<SessionInput>;
  /** Known capabilities. */
  readonly capabilities?: readonly Capability[];
  /** Tools of configured servers. */
  readonly sourceTools?: readonly Tool[];
}

/** In-memory stores of one session. */
export interface TestSources extends ContextSources {
  /** Harnesses. */
  readonly harnesses: InMemoryHarnessStore;
  /** Agents. */
  readonly agents: InMemoryAgentStore;
  /** Sessions. */
  readonly sessions: InMemorySessionStore;
  /** Models. */
  readonly providers: InMemoryProviderStore;
}

/** Stores the records of one session. */
export async function testSources(options: SourceOptions = {}): Promise<TestSources> {
  const now = { now: 1000 };
  const harnesses = new InMemoryHarnessStore();
  for (const parent of options.parents ?? []) await harnesses.addHarness(createHarness(parent, now));
  await harnesses.addHarness(createHarness({ name: "test", ...options.harness, id: HARNESS }, now));
  const agents = new InMemoryAgentStore();
  const agent = options.agent;
  if (agent !== undefined) await agents.addAgent(createAgent({ name: "agent", ...agent, id: AGENT }, now));
  const sessions = new InMemorySessionStore();
  await sessions.addSession(createSession({
    harnessId: HARNESS,
    ...(agent === undefined ? {} : { agentId: AGENT }),
    ...options.session,
    id: SESSION,
  }, now));
  const capabilities = new CapabilityRegistry();
  for (const capability of options.capabilities ?? []) capabilities.register(capability);
  const files = new InMemoryFileStore();
  const { sourceTools } = options;
  return {
    harnesses,
    agents,
    sessions,
    providers: new InMemoryProviderStore(),
    capabilities,
    files: (workspaceId) => new WorkspaceFiles(files, workspaceId),
    ...(sourceTools === undefined ? {} : { sourceTools: () => Promise.resolve(sourceTools) }),
  };
}

/** A stored user message. */
export function userText(text: string, change: Partial<Message> = {}): Message {
  return { id: idFromSeed("message", 1), role: "user", content: [{ type: "text", text }], createdAt: 1000, ...change };
}
