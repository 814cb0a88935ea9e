/**
 * Escape sequences of keys: CSI and SS3 of xterm and its kin, `modifyOtherKeys`, and the kitty keyboard protocol
 * (https://sw.kovidgoyal.net/kitty/keyboard-protocol).
 *
 * @module
 */

import type { Key, KeyName } from "./keys.ts";

const LETTERS: Readonly<Record<string, KeyName>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  M: "enter", // SS3 M is the Enter of a keypad
};
const NUMBERS: Readonly<Record<string, KeyName>> = {
  1: "home",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
};
const CODES: Readonly<Record<number, KeyName>> = {
  9: "tab",
  13: "enter",
  27: "escape",
  127: "backspace",
  57414: "enter", // the keypad's
};
// deno-lint-ignore no-control-regex
const CSI = /^\x1b\[([0-?]*)[ -/]*([@-~])/;

/** The key of a sequence at the start of a text, none for one that means nothing here; undefined when it goes on. */
export function readSequence(text: string): { readonly keys: readonly Key[]; readonly length: number } | undefined {
  if (text.startsWith("\x1bO")) {
    const letter = text.charAt(2);
    if (letter === "") return undefined;
    const name = LETTERS[letter];
    return { keys: name === undefined ? [] : [{ type: "key", name }], length: 3 };
  }
  const match = CSI.exec(text);
  if (match === null) return undefined;
  const [whole, parameters = "", final = ""] = match;
  const key = keyOf(parameters, final);
  return { keys: key === undefined ? [] : [key], length: whole.length };
}

function keyOf(parameters: string, final: string): Key | undefined {
  const [first = "", second = "", third = ""] = parameters.split(";");
  if (final === "Z") return { type: "key", name: "tab", shift: true };
  // modifyOtherKeys: CSI 27 ; modifiers ; code ~
  if (final === "~" && first === "27") return keyOfCode(Number(third), second);
  if (final === "~") return named(NUMBERS[first], second);
  // kitty: CSI code[:alternates] ; modifiers[:kind] ; text u
  if (final === "u") return keyOfCode(Number(first.split(":")[0]), second);
  return final === "M" ? undefined : named(LETTERS[final], second);
}

function keyOfCode(code: number, modifiers: string): Key | undefined {
  const name = CODES[code];
  if (name !== undefined) return named(name, modifiers);
  // Other keys of the private use area are locks, media keys and modifiers by themselves.
  if (!(code >= 0x20 && code <= 0x10ffff) || code >= 0xe000 && code <= 0xf8ff) return undefined;
  const { ctrl, alt, shift, isRelease } = readModifiers(modifiers);
  if (isRelease) return undefined;
  const char = String.fromCodePoint(code).toWellFormed();
  if (ctrl === undefined && alt === undefined) return { type: "text", text: shift ? char.toUpperCase() : char };
  return { type: "key", name: "char", char, ...optional(ctrl, alt, shift) };
}

function named(name: KeyName | undefined, modifiers: string): Key | undefined {
  const { ctrl, alt, shift, isRelease } = readModifiers(modifiers);
  return name === undefined || isRelease ? undefined : { type: "key", name, ...optional(ctrl, alt, shift) };
}

type Flag = true | undefined;

/** One more than a set of bits: 1 Shift, 2 Alt, 4 Ctrl, 8 Super, 32 Meta; and after a colon whether it was let go. */
function readModifiers(text: string): { ctrl: Flag; alt: Flag; shift: Flag; isRelease: boolean } {
  const [modifiers = "", kind = ""] = text.split(":");
  const bits = Math.max(0, (Number(modifiers) || 1) - 1);
  return { shift: flag(bits & 1), alt: flag(bits & 34), ctrl: flag(bits & 4), isRelease: kind === "3" };
}

function flag(bit: number): Flag {
  return bit === 0 ? undefined : true;
}

function optional(ctrl: Flag, alt: Flag, shift: Flag): { ctrl?: true; alt?: true; shift?: true } {
  return { ...(ctrl && { ctrl }), ...(alt && { alt }), ...(shift && { shift }) };
}
