/**
 * Every field in which a store keeps text of a caller or a model.
 *
 * @module
 */

import type { EventDraft } from "../../../src/records/event.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { Message } from "../../../src/records/message.ts";
import { Secret } from "../../../src/records/secret.ts";
import type { Session } from "../../../src/records/session.ts";
import type { Agent, Harness } from "../../../src/records/harness.ts";
import type { NewTask, NewTaskMessage, TaskUpdate } from "../../../src/ports/task_registry.ts";
import type { NewSchedule } from "../../../src/ports/schedule_store.ts";
import type { BackendSlots } from "../../../src/runtime/backend_slots.ts";
import { checkpointFixture, resultDrafts } from "../../../src/testing/conformance/event_fixtures.ts";
import { JournalDriver } from "../../../src/testing/conformance/journal_driver.ts";
import {
  agentFixture,
  harnessFixture,
  messageFixture,
  sessionFixture,
} from "../../../src/testing/conformance/record_fixtures.ts";
import type { LocalBackends } from "../../../local/backends.ts";

/** One field: how text gets into it, and what is read of it later by another process. */
export interface Field {
  readonly name: string;
  write(local: LocalBackends, text: string): Promise<unknown>;
  /** Everything that was stored; undefined when nothing was. */
  read(local: LocalBackends, text: string): Promise<unknown>;
  /** What `read` gives when the text is kept. */
  expected(text: string): unknown;
}

const ID = idFromSeed("session", 1);
const TASK = idFromSeed("task", 1);
const TURN = idFromSeed("turn", 1);
/** For further members: 10 MB in one member of a row is enough. */
const short = (text: string): string => text.slice(0, 40);
const keyed = (text: string): Record<string, string> => Object.fromEntries([[short(text), text]]);
const slots = (local: LocalBackends): BackendSlots => local.runtimeBackends.slots;

function session(name: string, change: (text: string) => Partial<Session>): Field {
  return {
    name: `${name} of a session`,
    write: (local, text) => slots(local).sessionStore.addSession(sessionFixture(1, change(text))),
    read: (local) => slots(local).sessionStore.getSession(ID),
    expected: (text) => sessionFixture(1, change(text)),
  };
}

function harness(name: string, change: (text: string) => Partial<Harness>): Field {
  return {
    name: `${name} of a harness`,
    write: (local, text) => slots(local).harnessStore.addHarness(harnessFixture(1, change(text))),
    read: async (local) => (await slots(local).harnessStore.getHarnessChain(idFromSeed("harness", 1)))[0],
    expected: (text) => harnessFixture(1, change(text)),
  };
}

function agent(name: string, change: (text: string) => Partial<Agent>): Field {
  return {
    name: `${name} of an agent`,
    write: (local, text) => slots(local).agentStore.addAgent(agentFixture(1, change(text))),
    read: (local) => slots(local).agentStore.getAgent(idFromSeed("agent", 1)),
    expected: (text) => agentFixture(1, change(text)),
  };
}

/** A message of the user, or one of the agent. */
function message(name: string, change: (text: string) => Partial<Message>): Field {
  const made = (text: string): Message => messageFixture(1, { role: "user", ...change(text) });
  return {
    name: `${name} of a message`,
    write: async (local, text) => {
      const content = made(text);
      const draft: EventDraft = content.role === "user"
        ? { type: "input.message", context: {}, data: { message: content } }
        : { type: "output.message.completed", context: {}, data: { turnId: TURN, message: content } };
      await (await JournalDriver.acquire(slots(local).journal!, ID)).commit([draft]);
    },
    read: async (local) => (await slots(local).journal!.messages(ID))[0],
    expected: (text) => ({ ...made(text), sequence: 1 }),
  };
}

/** A member of a tool's result. */
function result(name: string, change: (text: string) => { result?: string; error?: string }): Field {
  const draft = (text: string): EventDraft => {
    const [completed] = resultDrafts(1);
    return { ...completed!, data: { ...completed!.data, ...change(text) } } as EventDraft;
  };
  return {
    name: `${name} of a tool's result`,
    write: async (local, text) => {
      await (await JournalDriver.acquire(slots(local).journal!, ID)).commit([draft(text)]);
    },
    read: async (local) => {
      const [event] = await slots(local).journal!.events(ID);
      const [projected] = await slots(local).journal!.messages(ID);
      if (event === undefined) return undefined;
      return [
        event.data,
        projected?.content.flatMap((part) => part.type === "tool_result" ? [change(textIn(part))] : []),
      ];
    },
    expected: (text) => [draft(text).data, [change(text)]],
  };
}

function textIn(part: { readonly result?: unknown; readonly error?: string }): string {
  return String(part.error ?? part.result);
}

function task(name: string, change: (text: string) => Partial<NewTask>, update?: (text: string) => TaskUpdate): Field {
  return {
    name: `${name} of a task`,
    write: async (local, text) => {
      const base = { sessionId: ID, id: TASK, kind: "build", displayName: "Build" };
      await local.taskRegistry.create({ ...base, ...change(text) });
      if (update !== undefined) await local.taskRegistry.update(ID, TASK, update(text));
    },
    read: async (local, text) => {
      const stored = await local.taskRegistry.get(ID, TASK);
      if (stored === undefined) return undefined;
      const members = Object.entries(stored);
      const names = Object.keys({ ...change(text), ...update?.(text) });
      return Object.fromEntries(members.filter(([member]) => names.includes(member)));
    },
    expected: (text) => ({ ...change(text), ...update?.(text) }),
  };
}

function thread(name: string, change: (text: string) => Partial<NewTaskMessage>): Field {
  const made = (text: string): NewTaskMessage => ({ direction: "inbound", content: [], ...change(text) });
  return {
    name: `${name} of a task's message`,
    write: async (local, text) => {
      await local.taskRegistry.create({ sessionId: ID, id: TASK, kind: "build", displayName: "Build" });
      await local.taskRegistry.recordMessage(ID, TASK, made(text));
    },
    read: async (local) => {
      const [stored] = await local.taskRegistry.listMessages(ID, TASK);
      if (stored === undefined) return undefined;
      const { id: _id, taskId: _taskId, createdAt: _createdAt, ...rest } = stored;
      return rest;
    },
    expected: made,
  };
}

function schedule(name: string, change: (text: string) => Partial<NewSchedule>): Field {
  const made = (text: string): NewSchedule => ({
    sessionId: ID,
    description: "wake up",
    cronExpression: "0 9 * * 1",
    ...change(text),
  });
  return {
    name: `${name} of a schedule`,
    write: (local, text) => local.scheduleStore.createSchedule(made(text)),
    read: async (local, text) => {
      const [stored] = await local.scheduleStore.listSchedules(ID);
      if (stored === undefined) return undefined;
      const shown = Object.entries({ ...stored, metadata: await local.scheduleStore.getMetadata(stored.id) });
      return Object.fromEntries(shown.filter(([member]) => member in made(text)));
    },
    expected: made,
  };
}

function file(name: string, of: (text: string) => { id?: string; path?: string; content?: string }): Field {
  const made = (text: string): { id: string; path: string; content: string } => ({
    id: "workspace",
    path: "/a.txt",
    content: "content",
    ...of(text),
  });
  return {
    name: `${name} of a file`,
    write: (local, text) => {
      const { id, path, content } = made(text);
      return slots(local).fileStore!.writeFile(id, path, content, "text");
    },
    read: async (local, text) => {
      const { id, path } = made(text);
      try {
        const stored = await slots(local).fileStore!.readFile(id, path);
        return { id, path: stored.path, content: stored.content };
      } catch {
        return undefined;
      }
    },
    expected: made,
  };
}

/** All of them. */
export const FIELDS: readonly Field[] = [
  session("the title", (text) => ({ title: text })),
  session("the goal and locale", (text) => ({ goal: text, locale: short(text) })),
  session("the prompt", (text) => ({ systemPrompt: text })),
  session("the hints", (text) => ({ hints: keyed(text) })),
  session("the tags and owners", (text) => ({ tags: [text], ownerPrincipalId: short(text), workspaceId: short(text) })),
  session("the capabilities", (text) => ({ capabilities: [{ ref: short(text), config: keyed(text) }] })),
  session("the blueprint", (text) => ({ blueprintId: short(text), blueprintConfig: keyed(text) })),
  session("the initial files", (text) => ({ initialFiles: [{ path: short(text), content: text }] })),
  session("the MCP servers", (text) => ({
    mcpServers: Object.fromEntries([[short(text), { url: short(text), headers: keyed(text) }]]),
  })),
  session("the tools", (text) => ({
    tools: [{ type: "client_side", name: short(text), description: short(text), parameters: { title: text } }],
  })),
  {
    name: "the changed title and capability of a session",
    write: async (local, text) => {
      const store = slots(local).sessionStore;
      await store.addSession(sessionFixture(1, { capabilities: [] }));
      await store.updateSessionTitle!(ID, text);
      await store.upsertSessionCapability!(ID, { ref: short(text), config: { text: short(text) } });
    },
    read: async (local) => {
      const { title, capabilities } = await slots(local).sessionStore.getSession(ID) ?? {};
      return [title, capabilities];
    },
    expected: (text) => [text, [{ ref: short(text), config: { text: short(text) } }]],
  },
  harness("the prompt", (text) => ({ systemPrompt: text })),
  harness("the names", (text) => ({ name: short(text), displayName: short(text), description: text })),
  harness("the metadata", (text) => ({ embedderMetadata: keyed(text) })),
  agent("the prompt", (text) => ({ systemPrompt: text })),
  agent("the names", (text) => ({ name: text, displayName: short(text), tags: [short(text)] })),
  message("the text", (text) => ({ content: [{ type: "text", text }] })),
  message("the metadata", (text) => ({ metadata: keyed(text), tags: [short(text)] })),
  message(
    "the outside author",
    (text) => ({ externalActor: { actorId: short(text), actorName: text, source: short(text) } }),
  ),
  message("the rewritten text", (text) => ({ modelContent: [{ type: "text", text }] })),
  message("the answer", (text) => ({ role: "agent", content: [{ type: "text", text }] })),
  message("the thinking", (text) => ({ role: "agent", thinking: text, thinkingSignature: short(text) })),
  message("the arguments of a tool call", (text) => ({
    role: "agent",
    content: [{ type: "tool_call", id: idFromSeed("call", 1), name: "add", arguments: keyed(text) }],
  })),
  message("the unreadable arguments and name of a tool call", (text) => ({
    role: "agent",
    content: [{
      type: "tool_call",
      id: idFromSeed("call", 1),
      name: short(text),
      arguments: text,
      providerCallId: short(text),
    }],
  })),
  message("the reasoning", (text) => ({
    role: "agent",
    content: [{ type: "reasoning", provider: short(text), encryptedContent: text, summary: [short(text)] }],
  })),
  result("the value", (text) => ({ result: text })),
  {
    name: "the idempotency key of an input",
    write: async (local, text) => {
      const turn = await JournalDriver.acquire(slots(local).journal!, ID);
      await turn.accept(1, { key: { key: text, turnId: TURN } });
    },
    read: (local, text) => slots(local).journal!.turnForKey(ID, text),
    expected: () => ({ turnId: TURN, sequence: 1 }),
  },
  {
    name: "the checkpoint of an open turn",
    write: async (local, text) => {
      const { version, state } = checkpointFixture(ID, 1);
      const checkpoint = { version, state: { ...state, facts: { ...state.facts, locale: text } } };
      await (await JournalDriver.acquire(slots(local).journal!, ID)).accept(1, { checkpoint });
    },
    read: async (local) => (await slots(local).journal!.acquire(ID, "reader")).openTurn?.state.facts.locale,
    expected: (text) => text,
  },
  file("the content", (text) => ({ content: text })),
  file("the path", (text) => ({ path: `/${text}` })),
  file("the workspace", (text) => ({ id: text })),
  {
    name: "a key of session storage",
    write: (local, text) => slots(local).storageStore.setValue(ID, text, 1),
    read: async (local) => (await slots(local).storageStore.listKeys(ID))[0],
    expected: (text) => text,
  },
  {
    name: "a value of session storage",
    write: (local, text) => slots(local).storageStore.setValue(ID, "key", keyed(text)),
    read: (local) => slots(local).storageStore.getValue(ID, "key"),
    expected: keyed,
  },
  {
    name: "the name of a secret",
    write: (local, text) => slots(local).storageStore.setSecret(ID, text, new Secret("s")),
    read: async (local) => (await slots(local).storageStore.listSecrets(ID))[0],
    expected: (text) => text,
  },
  {
    name: "a secret",
    write: (local, text) => slots(local).storageStore.setSecret(ID, "name", new Secret(text)),
    read: async (local) => (await slots(local).storageStore.getSecret(ID, "name"))?.reveal(),
    expected: (text) => text,
  },
  task("the kind and name", (text) => ({ kind: short(text), displayName: text })),
  task("the spec", (text) => ({ spec: keyed(text) })),
  task("the links", (text) => ({ links: { remoteTaskId: short(text), resourceIds: [text] } })),
  task("the progress", () => ({}), (text) => ({ stateDetail: short(text), progress: keyed(text) })),
  task("the question", () => ({}), (text) => ({
    state: "awaiting_input",
    inputRequest: { id: short(text), prompt: text, expected: short(text) },
  })),
  task(
    "the results",
    () => ({}),
    (text) => ({ summary: text, resultPath: short(text), artifacts: [{ name: short(text), type: short(text) }] }),
  ),
  task("the failure", () => ({}), (text) => ({ state: "failed", error: { kind: short(text), message: text } })),
  task("the worker", () => ({}), (text) => ({ workerId: text, heartbeatAt: 1 })),
  thread("the text", (text) => ({ content: [{ type: "text", text }] })),
  thread("the data", (text) => ({ content: [{ type: "data", data: keyed(text) }] })),
  thread("the reference", (text) => ({ content: [{ type: "text", text: "yes" }], inReplyTo: text })),
  schedule("the description", (text) => ({ description: text })),
  schedule("the owner", (text) => ({ ownerPrincipalId: text })),
  schedule("the metadata", (text) => ({ metadata: keyed(text) })),
  schedule("the time zone", (text) => ({ timezone: text })),
  schedule("the cron expression", (text) => ({ cronExpression: text })),
];
