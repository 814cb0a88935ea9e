/** Tasks for the checks of the conformance suite. */

import { idFromSeed, type SessionId } from "../../records/ids.ts";
import type { JsonObject } from "../../records/json.ts";
import type { SessionTask } from "../../records/task.ts";
import type { NewTask, NewTaskMessage, SessionTaskRegistry } from "../../ports/task_registry.ts";

/** The session of most checks. */
export const SESSION: SessionId = idFromSeed("session", 1);
/** Another session. */
export const OTHER_SESSION: SessionId = idFromSeed("session", 2);

/** Text that stores tend to damage: NUL, half a surrogate pair, a character of four bytes, quotes and line ends. */
export const ODD_TEXT = "a\u0000b \ud800 \udc00 \u{1F600} \u2028\r\n\"'\\ \u0301";

/** A task as a host would create it. */
export function newTask(change: Partial<NewTask> = {}): NewTask {
  return { sessionId: SESSION, kind: "background_tool", displayName: "Build", ...change };
}

/** A message of one text part. */
export function newMessage(text: string, change: Partial<NewTaskMessage> = {}): NewTaskMessage {
  return { direction: "inbound", content: [{ type: "text", text }], ...change };
}

/** A spec with every kind of JSON in it, a webhook's secret and hostile names. */
export function oddSpec(): JsonObject {
  return {
    push_configs: [{ url: "https://example.com/hook", secret: "whsec-very-secret" }],
    nested: [null, true, -1.5, { deep: [[]] }],
    [ODD_TEXT]: ODD_TEXT,
    ...JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "text"}'),
  };
}

/** The names of tasks, in their order. */
export function namesOf(tasks: readonly SessionTask[]): string[] {
  return tasks.map(({ displayName }) => displayName);
}

/** The first text of each message of a thread, in order. */
export async function textsOf(
  registry: SessionTaskRegistry,
  task: SessionTask,
  query?: Parameters<SessionTaskRegistry["listMessages"]>[2],
): Promise<string[]> {
  const messages = await registry.listMessages(task.sessionId, task.id, query);
  return messages.map(({ content: [part] }) => part?.type === "text" ? part.text : "");
}
