/**
 * Lists of tools as the official client takes them: it refuses a whole list for one tool that is not as it should be, and
 * many servers leave a type out or write null for what is not there (2.4.0).
 */

import { isMembers, isText, type Members } from "./mended_result.ts";

/** Told about a tool that nothing could be made of. */
export type UnusableTool = (name: string, reason: string) => void;

/** What optional members of a tool must be. */
const MEMBERS: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
  ["title", isText],
  ["description", isText],
  ["annotations", isMembers],
  ["outputSchema", isMembers],
  ["execution", isMembers],
  ["icons", Array.isArray],
  ["_meta", isMembers],
]);

/** Mends the tools of a list in place; leaves out what cannot be mended. */
export function mendToolList(result: Members, unusable: UnusableTool): void {
  if (!Array.isArray(result["tools"])) return;
  result["tools"] = result["tools"].filter((tool: unknown) => {
    const problem = mend(tool);
    if (problem !== undefined) unusable(shownName(isMembers(tool) ? tool["name"] : tool), problem);
    return problem === undefined;
  });
}

/** Mends a tool; the reason when that cannot be done. */
function mend(tool: unknown): string | undefined {
  if (!isMembers(tool)) return "it is no object";
  if (!isText(tool["name"])) return "it has no name";
  for (const [name, is] of MEMBERS) if (!is(tool[name])) delete tool[name];
  const annotations = tool["annotations"];
  if (isMembers(annotations)) {
    for (const [name, value] of Object.entries(annotations)) {
      const isHint = name === "title" ? isText(value) : typeof value === "boolean";
      if (!isHint) delete annotations[name];
    }
  }
  const schema = tool["inputSchema"] ??= {};
  if (!isMembers(schema)) return "its schema is no object";
  schema["type"] ??= "object";
  return schema["type"] === "object" ? undefined : "its schema does not describe an object";
}

function shownName(name: unknown): string {
  return typeof name === "object" && name !== null ? typeof name : String(name);
}
