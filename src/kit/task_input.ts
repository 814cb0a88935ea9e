/** Checking what makes and changes tasks: frozen copies, or a `TypeError` that names the member. */

import { parseId } from "../records/ids.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import type { SessionTask, TaskArtifact, TaskInputRequest, TaskMessage, TaskState } from "../records/task.ts";
import type { NewTask, NewTaskMessage, TaskUpdate } from "../ports/task_registry.ts";
import type { Mutable } from "./mutable.ts";
import { toPlainJson } from "./plain_json.ts";
import { isTaskState, isWakePolicy, taskStates } from "./task_state.ts";

/**
 * A frozen copy of what a new task is made of.
 *
 * @throws {TypeError} when a member is not what it must be; `spec` must be a JSON object
 */
export function checkNewTask(input: NewTask): NewTask {
  const given = members(input, "a task");
  const clean: Mutable<NewTask> = {
    sessionId: parseId("session", given.sessionId),
    kind: nonEmpty(given.kind, "kind"),
    displayName: text(given.displayName, "displayName"),
  };
  if (given.id !== undefined) clean.id = parseId("task", given.id);
  if (given.spec !== undefined) clean.spec = jsonObject(given.spec, "spec");
  if (given.state !== undefined) clean.state = state(given.state);
  if (given.wakePolicy !== undefined) {
    if (!isWakePolicy(given.wakePolicy)) {
      throw wrong("wakePolicy", given.wakePolicy, '"silent", "on_terminal" or "on_activity"');
    }
    clean.wakePolicy = given.wakePolicy;
  }
  if (given.links !== undefined) clean.links = links(given.links);
  if (given.workerId !== undefined) clean.workerId = nonEmpty(given.workerId, "workerId");
  return Object.freeze(clean);
}

/**
 * A frozen copy of a change; members that are undefined count as absent.
 *
 * @throws {TypeError} when a member is not what it must be
 */
export function checkTaskUpdate(update: TaskUpdate): TaskUpdate {
  const given = members(update, "a change of a task");
  const clean: Mutable<TaskUpdate> = {};
  if (given.expectedAttempt !== undefined) clean.expectedAttempt = attempt(given.expectedAttempt);
  if (given.state !== undefined) clean.state = state(given.state);
  if (given.stateDetail !== undefined) clean.stateDetail = text(given.stateDetail, "stateDetail");
  if (given.progress !== undefined) clean.progress = toPlainJson(given.progress, "`progress` of a task");
  if (given.inputRequest !== undefined) clean.inputRequest = inputRequest(given.inputRequest);
  if (given.summary !== undefined) clean.summary = text(given.summary, "summary");
  if (given.resultPath !== undefined) clean.resultPath = text(given.resultPath, "resultPath");
  if (given.artifacts !== undefined) clean.artifacts = artifacts(given.artifacts);
  if (given.appendArtifact !== undefined) clean.appendArtifact = artifact(given.appendArtifact, "appendArtifact");
  if (given.error !== undefined) clean.error = failure(given.error);
  if (given.incrementAttempt !== undefined) {
    if (typeof given.incrementAttempt !== "boolean") {
      throw wrong("incrementAttempt", given.incrementAttempt, "a boolean");
    }
    clean.incrementAttempt = given.incrementAttempt;
  }
  if (given.workerId !== undefined) clean.workerId = nonEmpty(given.workerId, "workerId");
  if (given.heartbeatAt !== undefined) clean.heartbeatAt = instant(given.heartbeatAt, "heartbeatAt");
  if (given.links !== undefined) clean.links = links(given.links);
  return Object.freeze(clean);
}

/**
 * A frozen copy of what a new message is made of.
 *
 * @throws {TypeError} when a member is not what it must be
 */
export function checkTaskMessage(message: NewTaskMessage): NewTaskMessage {
  const given = members(message, "a message of a task");
  if (given.direction !== "inbound" && given.direction !== "outbound") {
    throw wrong("direction", given.direction, '"inbound" or "outbound"');
  }
  if (!Array.isArray(given.content)) throw wrong("content", given.content, "a list of parts");
  const clean: Mutable<NewTaskMessage> = {
    direction: given.direction,
    content: Object.freeze(given.content.map(part)),
  };
  if (given.inReplyTo !== undefined) clean.inReplyTo = text(given.inReplyTo, "inReplyTo");
  if (given.expectedAttempt !== undefined) clean.expectedAttempt = attempt(given.expectedAttempt);
  return Object.freeze(clean);
}

function part(given: unknown): TaskMessage["content"][number] {
  const { type, text: words, data } = members(given as { type?: unknown; text?: unknown; data?: unknown }, "a part");
  if (type === "text") return Object.freeze({ type, text: text(words, "content[].text") });
  if (type !== "data") throw wrong("content[].type", type, '"text" or "data"');
  return Object.freeze({ type, data: toPlainJson(data, "`data` of a message") });
}

function state(given: unknown): TaskState {
  if (isTaskState(given)) return given;
  throw wrong("state", given, taskStates().map((name) => `"${name}"`).join(", "));
}

function inputRequest(given: unknown): TaskInputRequest {
  const { id, prompt, expected } = members(given as Partial<Record<keyof TaskInputRequest, unknown>>, "a question");
  const clean: Mutable<TaskInputRequest> = {
    id: nonEmpty(id, "inputRequest.id"),
    prompt: text(prompt, "inputRequest.prompt"),
  };
  if (expected !== undefined) clean.expected = toPlainJson(expected, "`inputRequest.expected` of a task");
  return Object.freeze(clean);
}

function artifacts(given: unknown): readonly TaskArtifact[] {
  if (!Array.isArray(given)) throw wrong("artifacts", given, "a list");
  return Object.freeze(given.map((one) => artifact(one, "artifacts[]")));
}

function artifact(given: unknown, member: string): TaskArtifact {
  const { name, type, path, url } = members(given as Partial<Record<keyof TaskArtifact, unknown>>, "an artifact");
  const clean: Mutable<TaskArtifact> = { name: text(name, `${member}.name`), type: text(type, `${member}.type`) };
  if (path !== undefined) clean.path = text(path, `${member}.path`);
  if (url !== undefined) clean.url = text(url, `${member}.url`);
  return Object.freeze(clean);
}

function failure(given: unknown): NonNullable<SessionTask["error"]> {
  const { kind, message } = members(given as { kind?: unknown; message?: unknown }, "an error");
  return Object.freeze({ kind: nonEmpty(kind, "error.kind"), message: text(message, "error.message") });
}

function links(given: unknown): Partial<SessionTask["links"]> {
  const { childSessionId, remoteTaskId, resourceIds } = members(given as Partial<Record<string, unknown>>, "links");
  const clean: Mutable<Partial<SessionTask["links"]>> = {};
  if (childSessionId !== undefined) clean.childSessionId = parseId("session", childSessionId);
  if (remoteTaskId !== undefined) clean.remoteTaskId = text(remoteTaskId, "links.remoteTaskId");
  if (resourceIds !== undefined) {
    if (!Array.isArray(resourceIds)) throw wrong("links.resourceIds", resourceIds, "a list");
    clean.resourceIds = Object.freeze(resourceIds.map((id) => text(id, "links.resourceIds[]")));
  }
  return Object.freeze(clean);
}

function jsonObject(given: unknown, member: string): JsonObject {
  const copy: JsonValue = toPlainJson(given, `\`${member}\` of a task`);
  if (isJsonObject(copy)) return copy;
  throw wrong(member, given, "a JSON object");
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The members of an object, of which nothing is known yet. */
function members<T extends object>(given: T, what: string): { readonly [K in keyof T]?: unknown } {
  if (typeof given === "object" && given !== null) return given;
  throw new TypeError(`Cannot use ${String(given)} as ${what}: expected an object`);
}

function text(given: unknown, member: string): string {
  if (typeof given === "string") return given;
  throw wrong(member, given, "text");
}

function nonEmpty(given: unknown, member: string): string {
  if (typeof given === "string" && given !== "") return given;
  throw wrong(member, given, "text that is not empty");
}

function attempt(given: unknown): number {
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= 1) return given;
  throw wrong("expectedAttempt", given, "a whole number from 1");
}

function instant(given: unknown, member: string): number {
  if (typeof given === "number" && Number.isSafeInteger(given)) return given;
  throw wrong(member, given, "whole milliseconds since the epoch");
}

function wrong(member: string, given: unknown, expected: string): TypeError {
  const shown = typeof given === "string"
    ? `"${given.slice(0, 80)}"`
    : typeof given === "object"
    ? "an object"
    : String(given);
  return new TypeError(`Cannot use ${shown} as \`${member}\` of a task: expected ${expected}`);
}
