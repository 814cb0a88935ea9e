/** Paths of session files: one canonical form, and everything doubtful refused. */

import { FileStoreError } from "../errors.ts";

/** Most UTF-8 bytes of a path. */
const MAX_PATH_BYTES = 4_096;
/** Most UTF-8 bytes of one name. */
const MAX_NAME_BYTES = 255;

/** Control characters, marks that turn text around or hide in it, and the sign of undecodable bytes. */
const INVISIBLE = /[\p{Cc}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]/u;
/** Escapes a careless decoder would turn into a dot, a separator, NUL or overlong UTF-8. */
const ESCAPED = /%(2e|2f|5c|00|c0|c1|e0%[89]|f0%8)/i;
/** Names Windows takes for devices, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;
const DRIVE = /^[a-zA-Z]:/;
const WORKSPACE = "workspace";

const encoder = new TextEncoder();

/**
 * The canonical form of a path: `/` and names joined by `/`, without a trailing slash.
 *
 * `/workspace` is an alias of the root; a relative path counts from the root, a leading `./` is dropped. Doubtful
 * paths are refused rather than mended. Since a canonical path is also a valid input that must mean itself, nothing
 * in the root may be named `workspace`. Bytes decide: case and Unicode forms are kept apart.
 *
 * @throws {FileStoreError} `path_invalid`
 *
 * @example
 * ```ts ignore
 * canonicalPath("/workspace/src/main.ts"); // "/src/main.ts"
 * canonicalPath("src/"); // "/src"
 * canonicalPath("../etc/passwd"); // throws
 * ```
 */
export function canonicalPath(input: string): string {
  if (typeof input !== "string") throw invalid(String(input), "it is not a string");
  if (input.length > MAX_PATH_BYTES) throw invalid(input, `it is longer than ${MAX_PATH_BYTES} bytes`);
  if (input === "" || input === "/" || input === "." || input === "./") return "/";
  if (input.includes("\\")) throw invalid(input, "it has a backslash; separate names with /");
  if (!input.isWellFormed()) throw invalid(input, "it is not well-formed Unicode");
  if (INVISIBLE.test(input)) throw invalid(input, "it has a control or invisible character");
  if (ESCAPED.test(input)) throw invalid(input, "it has percent escapes; write the characters themselves");

  const parts = (input.endsWith("/") ? input.slice(0, -1) : input).split("/");
  const isAbsolute = parts[0] === "";
  if (isAbsolute || parts[0] === ".") parts.shift();
  if (isAbsolute && parts[0] === WORKSPACE) parts.shift();
  for (const [index, name] of parts.entries()) checkName(input, name, index);
  const path = `/${parts.join("/")}`;
  if (isLonger(path, MAX_PATH_BYTES)) throw invalid(input, `it is longer than ${MAX_PATH_BYTES} bytes`);
  return path;
}

/** The directory a canonical path is in; the root is in itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** The last name of a canonical path; `/` for the root. */
export function nameOf(path: string): string {
  return path === "/" ? "/" : path.slice(path.lastIndexOf("/") + 1);
}

function checkName(input: string, name: string, index: number): void {
  if (name === "") throw invalid(input, "it has an empty name (//)");
  if (name === "..") throw invalid(input, "it has a .. part; write the path from the root");
  if (name === ".") throw invalid(input, "it has a . part");
  if (name.endsWith(".") || name.endsWith(" ") || name.startsWith(" ")) {
    throw invalid(input, "a name ends in a dot, or begins or ends with a space");
  }
  if (index === 0 && DRIVE.test(name)) throw invalid(input, "it begins with a drive letter");
  if (index === 0 && name === WORKSPACE) {
    throw invalid(input, `"/workspace" is the root itself: write the path from there, once`);
  }
  if (DEVICE.test(name)) throw invalid(input, `"${name}" is the name of a device on some systems`);
  if (isLonger(name, MAX_NAME_BYTES)) throw invalid(input, `a name is longer than ${MAX_NAME_BYTES} bytes`);
}

/** Whether a text takes more UTF-8 bytes; a UTF-16 unit takes at most three. */
function isLonger(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && encoder.encode(text).length > bytes;
}

function invalid(input: string, reason: string): FileStoreError {
  const shown = JSON.stringify(input.length > 100 ? `${input.slice(0, 100)}…` : input);
  return new FileStoreError("path_invalid", input.slice(0, MAX_PATH_BYTES), `Cannot use the path ${shown}: ${reason}`);
}
