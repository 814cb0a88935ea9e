/** What a background run leaves behind: files of its session, and the end of its task. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { TaskId } from "../../records/ids.ts";
import type { TaskUpdate } from "../../ports/task_registry.ts";
import { toBoundedJson } from "../../kit/bounded_json.ts";
import { beginningOf } from "./cut_text.ts";

/** How a run ended. */
export type RunEnding =
  | {
    /** The tool returned a result. */
    readonly state: "succeeded";
    /** The result, as it is written down. */
    readonly value: JsonValue;
    /** Whether something of it was left out. */
    readonly truncated: boolean;
    /** Images that belong to it; they are not kept. */
    readonly images: number;
  }
  | {
    /** The tool failed. */
    readonly state: "failed";
    /** A stable word. */
    readonly kind: "error" | "timeout" | "connection_required";
    /** Why, in words for the model. */
    readonly message: string;
  }
  | {
    /** Somebody cancelled it. */
    readonly state: "canceled";
  };

/** Where a run's files are. */
export interface RunPaths {
  /** What the tool printed. */
  readonly output: string;
  /** What it came to. */
  readonly result: string;
}

/** Most bytes of a result that is kept. */
const MAX_RESULT_BYTES = 1024 * 1024;
const MAX_SUMMARY = 2_048;

/** Where the files of a task's run are, in the files of its session. */
export function runPaths(id: TaskId): RunPaths {
  return { output: `/.background/${id}/output.log`, result: `/.background/${id}/result.json` };
}

/** The ending for what a tool returned. */
export function succeededWith(result: unknown, images: number): RunEnding {
  const { value, truncated } = toBoundedJson(result, { maxBytes: MAX_RESULT_BYTES });
  return { state: "succeeded", value, truncated, images };
}

/** The text of `result.json`. */
export function resultText(id: TaskId, tool: string, ending: RunEnding): string {
  return `${JSON.stringify(resultOf(id, tool, ending), undefined, 2)}\n`;
}

/** The change that ends the task; `tail` is the newest output. */
export function settlement(ending: RunEnding, tail: string): TaskUpdate {
  switch (ending.state) {
    case "succeeded":
      return { state: "succeeded", ...summary(textOfValue(ending.value) || tail.trim()) };
    case "failed":
      return {
        state: "failed",
        error: { kind: ending.kind, message: beginningOf(ending.message, MAX_SUMMARY) },
        ...summary(tail.trim()),
      };
    case "canceled":
      return { state: "canceled" };
  }
}

function resultOf(id: TaskId, tool: string, ending: RunEnding): JsonObject {
  switch (ending.state) {
    case "succeeded":
      return {
        status: "succeeded",
        run_id: id,
        tool,
        result: ending.value,
        ...(ending.truncated ? { truncated: true } : {}),
        ...(ending.images === 0 ? {} : { omitted_images: ending.images }),
      };
    case "failed":
      return { status: "failed", run_id: id, tool, error: { kind: ending.kind, message: ending.message } };
    case "canceled":
      return { status: "canceled" };
  }
}

function textOfValue(value: JsonValue): string {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function summary(text: string): Pick<TaskUpdate, "summary"> {
  return text === "" ? {} : { summary: beginningOf(text, MAX_SUMMARY) };
}
