/** What a tool, or a hook after it, returned: written down as bounded JSON. */

import type { ImagePart } from "../records/content.ts";
import type { JsonValue } from "../records/json.ts";
import type { ToolCall, ToolResult, ToolStatus } from "../records/tool.ts";
import type { ToolOutcome } from "../ports/tool.ts";
import type { Mutable } from "../kit/mutable.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";

/** The words for an error whose text the model must not see. */
export const INTERNAL = "failed with an internal error";

/** A call that came to no outcome of its tool. */
export interface Failed {
  readonly type: "failed";
  readonly status: ToolStatus;
  readonly message: string;
}

/** A call that failed before or beside its tool. */
export function failed(status: ToolStatus, message: string): Failed {
  return { type: "failed", status, message };
}

/** What hooks made of a result, as JSON within the cap. */
export function boundResult(
  call: ToolCall,
  hooked: ToolResult,
  maxBytes: number,
): { readonly result: ToolResult; readonly truncated: boolean } {
  const { error, images, connectionRequired } = hooked;
  const status = STATUSES.has(hooked.status) ? hooked.status : error === undefined ? "success" : "error";
  const { kept, note } = imagesOf(images);
  const more = { ...kept, ...connectionOf(connectionRequired) };
  if (error !== undefined || status !== "success") {
    const written = errorResult(call, error, status === "success" ? "error" : status);
    const noted = note === undefined ? written : { ...written, error: `${written.error}\n${note}` };
    return { result: { ...noted, ...more }, truncated: note !== undefined };
  }
  const { value, truncated } = writeValue(hooked.result ?? null, note, maxBytes);
  return { result: { toolCallId: call.id, status, result: value, ...more }, truncated };
}

const STATUSES: ReadonlySet<unknown> = new Set<ToolStatus>(["success", "error", "timeout", "cancelled", "interrupted"]);

/** Whether an answer of a hook is a result at all. */
export function isResult(answer: unknown): answer is ToolResult {
  return typeof answer === "object" && answer !== null &&
    ("status" in answer || "result" in answer || "error" in answer);
}

/** The members of a required connection that are text. */
function connectionOf(value: unknown): Pick<ToolResult, "connectionRequired"> {
  if (typeof value !== "object" || value === null || !("provider" in value)) return {};
  const { provider, subject, setupUrl } = value as Readonly<Record<string, unknown>>;
  if (typeof provider !== "string") return {};
  return {
    connectionRequired: {
      provider,
      ...(typeof subject === "string" ? { subject } : {}),
      ...(typeof setupUrl === "string" ? { setupUrl } : {}),
    },
  };
}

/** Writes an outcome down as a result within the cap; what is no outcome is a failure of the tool. */
export function toResult(
  call: ToolCall,
  outcome: ToolOutcome | Failed,
  maxBytes: number,
): { readonly result: ToolResult; readonly truncated: boolean } {
  try {
    return writeOutcome(call, outcome, maxBytes) ?? { result: internalError(call), truncated: false };
  } catch {
    return { result: internalError(call), truncated: false };
  }
}

function internalError(call: ToolCall): ToolResult {
  return errorResult(call, `Tool "${call.name}" ${INTERNAL}`);
}

/** The same for what may be no outcome at all: undefined, or whatever it throws. */
export function writeOutcome(
  call: ToolCall,
  outcome: ToolOutcome | Failed,
  maxBytes: number,
): { readonly result: ToolResult; readonly truncated: boolean } | undefined {
  switch (outcome.type) {
    case "success": {
      const { kept, note } = imagesOf(outcome.images);
      const { value, truncated } = writeValue(outcome.value, note, maxBytes);
      return { result: { toolCallId: call.id, status: "success", result: value, ...kept }, truncated };
    }
    case "error":
      return { result: errorResult(call, outcome.message), truncated: false };
    case "failed":
      return { result: errorResult(call, outcome.message, outcome.status), truncated: false };
    case "connection_required": {
      const message = `Connection required: the user has to connect ${outcome.provider} first`;
      return { result: { ...errorResult(call, message), ...connectionOf(outcome) }, truncated: false };
    }
    default:
      return undefined;
  }
}

/** Most images of one result. */
const MAX_IMAGES = 16;
/** Most characters of them together, base64 and data URLs alike. */
const MAX_IMAGE_CHARACTERS = 20 * 1024 * 1024;
/** What the note about images may take of a result. */
const ROOM_FOR_NOTE = 128;

/** Copies of the image parts among what a tool or hook calls images, up to the cap; a note stands for the rest. */
function imagesOf(images: unknown): { readonly kept: Pick<ToolResult, "images">; readonly note?: string } {
  if (!Array.isArray(images)) return { kept: {} };
  const parts: ImagePart[] = [];
  let characters = 0;
  let left = 0;
  for (const [place, image] of images.entries()) {
    if (image?.type !== "image") continue;
    const part: Mutable<ImagePart> = { type: "image" };
    for (const key of ["url", "base64", "mediaType"] as const) {
      const text: unknown = image[key];
      if (typeof text !== "string") continue;
      part[key] = text;
      characters += text.length;
    }
    if (parts.length >= MAX_IMAGES || characters > MAX_IMAGE_CHARACTERS) {
      left = images.length - place;
      break;
    }
    parts.push(part);
  }
  const kept = parts.length === 0 ? {} : { images: parts };
  if (left === 0) return { kept };
  const were = left === 1 ? "1 image was" : `${left} images were`;
  return { kept, note: `[${were} left out: at most ${MAX_IMAGES} images and 20 MB are kept]` };
}

/** A value as JSON within the cap, and with the note about its images. */
function writeValue(
  value: unknown,
  note: string | undefined,
  maxBytes: number,
): { readonly value: JsonValue; readonly truncated: boolean } {
  if (note === undefined) return toBoundedJson(value, { maxBytes });
  const { value: result } = toBoundedJson(value, { maxBytes: Math.max(256, maxBytes - ROOM_FOR_NOTE) });
  return { value: typeof result === "string" ? `${result}\n${note}` : { result, note }, truncated: true };
}

const MAX_ERROR = 8 * 1024;

/** An error result for a call. */
export function errorResult(call: ToolCall, message: unknown, status: ToolStatus = "error"): ToolResult {
  const text = typeof message === "string" ? message : "failed without saying why";
  const error = text.length > MAX_ERROR ? `${text.slice(0, MAX_ERROR)} [cut]` : text;
  return { toolCallId: call.id, status, error };
}
