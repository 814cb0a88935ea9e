/** Composing the system prompt. */

import assert from "node:assert/strict";
import { composeSystemPrompt } from "../../../src/context/turn_context.ts";

const MANNERS = { id: "good_manners", text: "Say please." };

Deno.test("composeSystemPrompt() gives no prompt at all when nothing contributes", () => {
  assert.equal(composeSystemPrompt({ base: "", blocks: [] }), "");
  assert.equal(composeSystemPrompt({ base: " \n", blocks: [{ id: "empty", text: "  " }], goal: " ", locale: "" }), "");
});

Deno.test("composeSystemPrompt() leaves the base as it is when no capability contributes", () => {
  assert.equal(composeSystemPrompt({ base: "  Be brief.\n", blocks: [] }), "Be brief.");
  assert.equal(composeSystemPrompt({ base: "Be brief.", blocks: [{ id: "empty", text: "\n" }] }), "Be brief.");
});

Deno.test("composeSystemPrompt() puts the wrapped base first, then a block for each capability", () => {
  const blocks = [MANNERS, { id: "files", text: "\nThe root is /.\n" }];
  assert.equal(
    composeSystemPrompt({ base: "Be brief.", blocks }),
    "<system-prompt>\nBe brief.\n</system-prompt>\n\n" +
      '<capability id="good_manners">\nSay please.\n</capability>\n\n' +
      '<capability id="files">\nThe root is /.\n</capability>',
  );
});

Deno.test("composeSystemPrompt() writes capability blocks also without a base", () => {
  assert.equal(
    composeSystemPrompt({ base: "", blocks: [MANNERS] }),
    '<capability id="good_manners">\nSay please.\n</capability>',
  );
});

Deno.test("composeSystemPrompt() ends with the goal and then the locale", () => {
  const prompt = composeSystemPrompt({ base: "Base.", blocks: [MANNERS], goal: "Ship it.", locale: "de-CH" });
  const places = ["Base.", "Say please.", "Ship it.", "de-CH"].map((text) => prompt.indexOf(text));
  assert.ok(places.every((place) => place >= 0));
  assert.deepEqual(places, places.toSorted((a, b) => a - b));
});

Deno.test("composeSystemPrompt() writes goal and locale beside a base that stays unwrapped", () => {
  const prompt = composeSystemPrompt({ base: "Base.", blocks: [], locale: "de-CH" });
  assert.match(prompt, /^Base\.\n\n<locale>\n.*de-CH.*\n<\/locale>$/);
});
