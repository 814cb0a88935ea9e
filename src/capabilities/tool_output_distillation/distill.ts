/** Making a large JSON value small while it keeps its form: samples of lists, starts and ends of texts, figures of diffs. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import { previewOutput } from "../../kit/output_preview.ts";
import { isJsonObject } from "../../kit/json_object.ts";

/** A list longer than this is sampled. */
const MAX_ITEMS = 12;
const FIRST_ITEMS = 6;
const LAST_ITEMS = 2;
/** A text longer than this is cut. */
const MAX_TEXT = 1_500;
/** Members of an object that are looked at. */
const MAX_MEMBERS = 100;
const MAX_DEPTH = 12;
/** Files named of a diff. */
const MAX_DIFF_FILES = 40;

/**
 * A smaller value of the same form; notes say what was left out.
 *
 * @example
 * ```ts ignore
 * distill(Array.from({ length: 100 }, (_, index) => index)); // [0, 1, 2, 3, 4, 5, "… 92 more items …", 98, 99]
 * ```
 */
export function distill(value: JsonValue, depth: number = 0): JsonValue {
  if (typeof value === "string") return distillText(value);
  if (depth > MAX_DEPTH) return typeof value === "object" && value !== null ? "… nested too deep" : value;
  if (Array.isArray(value)) return distillList(value, depth);
  return isJsonObject(value) ? distillObject(value, depth) : value;
}

function distillList(items: readonly JsonValue[], depth: number): JsonValue {
  if (items.length <= MAX_ITEMS) return items.map((item) => distill(item, depth + 1));
  const left = items.length - FIRST_ITEMS - LAST_ITEMS;
  return [
    ...items.slice(0, FIRST_ITEMS).map((item) => distill(item, depth + 1)),
    `… ${left} more items (of ${items.length}) left out here`,
    ...items.slice(-LAST_ITEMS).map((item) => distill(item, depth + 1)),
  ];
}

function distillObject(value: JsonObject, depth: number): JsonObject {
  const members = Object.entries(value);
  const kept = members.slice(0, MAX_MEMBERS).map(([name, member]) => [name, distill(member, depth + 1)] as const);
  const left = members.length - kept.length;
  return Object.fromEntries(left > 0 ? [...kept, ["…", `${left} more members left out`]] : kept);
}

function distillText(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return diffFigures(text) ?? previewOutput(text, MAX_TEXT).text;
}

/** The files of a git diff with the lines added and removed; undefined for another text. */
function diffFigures(text: string): string | undefined {
  if (!/^diff --git /m.test(text) || !/^@@ /m.test(text)) return undefined;
  const files: { name: string; added: number; removed: number }[] = [];
  let inHunk = false;
  for (const line of text.split("\n")) {
    const name = /^diff --git a\/.* b\/(.*)$/.exec(line)?.[1];
    const file = files.at(-1);
    if (name !== undefined) {
      files.push({ name, added: 0, removed: 0 });
      inHunk = false;
    } else if (line.startsWith("@@ ")) inHunk = true;
    else if (inHunk && file !== undefined && line.startsWith("+")) file.added++;
    else if (inHunk && file !== undefined && line.startsWith("-")) file.removed++;
  }
  const shown = files.slice(0, MAX_DIFF_FILES).map(({ name, added, removed }) => `${name} +${added} -${removed}`);
  const sum = (member: "added" | "removed"): number => files.reduce((total, file) => total + file[member], 0);
  const more = files.length > shown.length ? [`… ${files.length - shown.length} more files`] : [];
  return [
    `[a diff of ${files.length} files, +${sum("added")} -${sum("removed")}; its text is left out]`,
    ...shown,
    ...more,
  ]
    .join("\n");
}
