/** Tasks and their messages as a model sees them: snake_case, instants in ISO 8601, no secrets. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { SessionTask, TaskMessage } from "../../records/task.ts";
import { redactTask } from "../../kit/task_redaction.ts";

/** Characters of all messages shown together, so that the newest ones are never what a result is cut by. */
const MAX_THREAD = 32_000;

/** A task in one row of a list. */
export function taskRow(task: SessionTask): JsonObject {
  return present({
    id: task.id,
    kind: task.kind,
    display_name: task.displayName,
    state: task.state,
    state_detail: task.stateDetail,
    progress: task.progress,
    summary: task.summary,
    created_at: instant(task.createdAt),
    finished_at: instant(task.finishedAt),
  });
}

/** A task with everything it says, its secrets aside. */
export function taskDetails(stored: SessionTask): JsonObject {
  const task = redactTask(stored);
  const { inputRequest, links } = task;
  return present({
    id: task.id,
    kind: task.kind,
    display_name: task.displayName,
    state: task.state,
    state_detail: task.stateDetail,
    progress: task.progress,
    input_request: inputRequest === undefined ? undefined : present({ ...inputRequest }),
    cancel_requested_at: instant(task.cancelRequestedAt),
    summary: task.summary,
    result_path: task.resultPath,
    artifacts: task.artifacts.map((artifact) => present({ ...artifact })),
    error: task.error === undefined ? undefined : { ...task.error },
    attempt: task.attempt,
    spec: task.spec,
    links: present({
      child_session_id: links.childSessionId,
      remote_task_id: links.remoteTaskId,
      resource_ids: links.resourceIds,
    }),
    wake_policy: task.wakePolicy,
    created_at: instant(task.createdAt),
    started_at: instant(task.startedAt),
    finished_at: instant(task.finishedAt),
    updated_at: instant(task.updatedAt),
  });
}

/**
 * The newest messages in the order they were sent, as many as fit; `omitted_messages` counts older ones left out.
 *
 * The newest one is always there, its texts cut when they are too long.
 */
export function threadView(thread: readonly TaskMessage[]): JsonObject {
  const messages: JsonObject[] = [];
  let left = MAX_THREAD;
  for (const message of thread.toReversed()) {
    const view = messageView(message);
    const size = JSON.stringify(view).length;
    if (size > left && messages.length > 0) break;
    messages.unshift(size > left ? cutMessage(view, message) : view);
    left -= size;
  }
  const omitted = thread.length - messages.length;
  return { messages, ...(omitted === 0 ? {} : { omitted_messages: omitted }) };
}

function messageView(message: TaskMessage): JsonObject {
  return present({
    id: message.id,
    direction: message.direction,
    content: message.content.map((part) => ({ ...part })),
    in_reply_to: message.inReplyTo,
    created_at: instant(message.createdAt),
  });
}

/** A message that is too long on its own: the beginning of its text, and a word for its data. */
function cutMessage(view: JsonObject, { content }: TaskMessage): JsonObject {
  const text = content.map((part) => part.type === "text" ? part.text : JSON.stringify(part.data)).join("\n");
  // Each character may take up to six as JSON.
  const beginning = text.slice(0, Math.floor(MAX_THREAD / 8)).toWellFormed();
  return { ...view, content: [{ type: "text", text: `${beginning}… (cut)` }] };
}

function instant(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString();
}

/** The members that are there. */
function present(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const there: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) there[name] = value;
  }
  return there;
}
