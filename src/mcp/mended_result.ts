/**
 * Answers to calls as the official client takes them: it refuses a whole answer for one block that is not as it should be
 * (2.4.0), although the call was done.
 */

/** An object of a stranger's JSON. */
export type Members = Record<string, unknown>;

/** Most characters of a block that nothing could be made of. */
const MAX_SHOWN = 4_096;

/**
 * Mends an answer in place; a block that cannot be mended becomes a text that shows it.
 *
 * Structured content of the older era is an object, and becomes a text where it is something else and stands alone.
 */
export function mendCallResult(result: Members, isLegacy: boolean): void {
  const { structuredContent } = result;
  if (result["content"] === null) result["content"] = [];
  if (structuredContent === null || (isLegacy && structuredContent !== undefined && !isMembers(structuredContent))) {
    delete result["structuredContent"];
    const isAlone = !Array.isArray(result["content"]) || result["content"].length === 0;
    if (structuredContent !== null && isAlone) {
      result["content"] = [{ type: "text", text: JSON.stringify(structuredContent) }];
    }
  }
  const content = result["content"];
  if (!Array.isArray(content)) return;
  result["content"] = content.map((block: unknown) =>
    isMembers(block) && mend(block) ? block : { type: "text", text: shown(block) }
  );
}

/** Mends a block; tells whether that could be done. */
function mend(block: Members): boolean {
  dropNulls(block);
  const { type, resource } = block;
  switch (type) {
    case "text":
      return isText(block["text"]);
    case "image":
    case "audio":
      return isText(block["mimeType"]) && mendData(block, "data");
    case "resource":
      if (!isMembers(resource)) return false;
      dropNulls(resource);
      return isText(resource["uri"]) && (isText(resource["text"]) || mendData(resource, "blob"));
    case "resource_link":
      if (!isText(block["name"])) block["name"] = block["uri"];
      return isText(block["uri"]);
    default:
      return false;
  }
}

/** Takes the head off a data URL, and the alphabet of URLs for what it stands for. */
function mendData(members: Members, name: string): boolean {
  const data = members[name];
  if (!isText(data)) return false;
  const base64 = data.replace(/^data:[^,]{0,200};base64,/, "").replaceAll("-", "+").replaceAll("_", "/");
  try {
    atob(base64);
  } catch {
    return false;
  }
  members[name] = base64;
  return true;
}

function dropNulls(members: Members): void {
  for (const [name, value] of Object.entries(members)) if (value === null) delete members[name];
}

function shown(block: unknown): string {
  const text = JSON.stringify(block);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} [cut]` : text;
}

/** Whether a value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Whether a value is an object that is no array. */
export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
