/** Text of any kind comes back to the character from every field, in another process, or was refused and is not there. */

import assert from "node:assert/strict";
import { RuntimeError } from "../../../src/errors.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { LocalBackends } from "../../../local/backends.ts";
import { LocalProfile } from "../../../local/profile.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { type Field, FIELDS } from "./_fields.ts";

const KINDS = {
  NUL: "a\0b",
  "a lone high surrogate": "a\ud800b",
  "a lone low surrogate": "a\udfffb",
  "4-byte characters": "\u{1F600}\u{10FFFF}",
  "10 MB": "0123456789".repeat(1_000_000),
} as const;
/** One text of all kinds: a field that keeps it keeps each. The odd ones stand first, where no cut is likely. */
const EVERY_KIND: string = Object.values(KINDS).join("");

/** The fields that refuse some kinds; all others keep each. */
const REFUSES: ReadonlyMap<string, readonly (keyof typeof KINDS)[]> = new Map([
  ["the content of a file", ["a lone high surrogate", "a lone low surrogate"]],
  ["the path of a file", ["NUL", "a lone high surrogate", "a lone low surrogate", "10 MB"]],
  ["the time zone of a schedule", Object.keys(KINDS) as (keyof typeof KINDS)[]],
  ["the cron expression of a schedule", Object.keys(KINDS) as (keyof typeof KINDS)[]],
]);

for (const field of FIELDS) {
  const refused = REFUSES.get(field.name);
  if (refused === undefined) {
    Deno.test(`${field.name}: text of every kind is read back equal by another process`, async () => {
      const { refusal, found } = await writeAndRead(field, EVERY_KIND);
      assert.equal(refusal, undefined);
      // 10 MB in the message of an assertion would take minutes to print.
      assert.ok(isSame(found, field.expected(EVERY_KIND)), "it came back changed");
    });
    continue;
  }
  for (const [kind, text] of Object.entries(KINDS)) {
    const isRefused = refused.some((each) => each === kind);
    Deno.test(`${field.name}: text with ${kind} is ${isRefused ? "refused and not stored" : "read back equal"}`, async () => {
      const { refusal, found } = await writeAndRead(field, text);
      if (isRefused) assert.ok(refusal instanceof RuntimeError, String(refusal));
      else assert.equal(refusal, undefined);
      assert.ok(isSame(found, isRefused ? undefined : field.expected(text)), "it came back changed");
    });
  }
}

/** Writes a text in one process and reads it in the next. */
async function writeAndRead(field: Field, text: string): Promise<{ refusal: unknown; found: unknown }> {
  using folder = tempFolder();
  let refusal: unknown;
  {
    await using first = await open(folder.path);
    await field.write(first, text).catch((error: unknown) => refusal = error);
  }
  await using second = await open(folder.path);
  return { refusal, found: await field.read(second, text) };
}

function open(folder: string): Promise<LocalBackends> {
  return LocalBackends.open(new LocalProfile(folder), RuntimeBackends.inMemory(), {
    durability: "process-crash",
    secretKey: new Uint8Array(32),
  });
}

/** Deeply equal; members that are undefined count as absent. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const members = new Map<string, unknown>(Object.entries(b).filter(([, member]) => member !== undefined));
  const entries = Object.entries(a).filter(([, member]) => member !== undefined);
  return entries.length === members.size && entries.every(([key, member]) => isSame(member, members.get(key)));
}
