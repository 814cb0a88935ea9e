/** Finding the name somebody meant. */

import assert from "node:assert/strict";
import { nearestName } from "../../../src/kit/nearest_name.ts";

const KNOWN = ["btw", "compaction", "current_time", "memory", "session_tasks", "skills", "subagents"];

for (
  const [typed, meant] of [
    ["curent_time", "current_time"],
    ["CurrentTime", "current_time"],
    ["current-time", "current_time"],
    ["compation", "compaction"],
    ["skill", "skills"],
    ["sesion_task", "session_tasks"],
    ["mermoy", "memory"],
  ] as const
) {
  Deno.test(`"${typed}" is taken for "${meant}"`, () => assert.equal(nearestName(typed, KNOWN), meant));
}

for (const typed of ["platform_management", "web_fetch", "nope", "b", "", "x".repeat(100_000)]) {
  Deno.test(`"${typed.slice(0, 30)}" is taken for nothing`, () => assert.equal(nearestName(typed, KNOWN), undefined));
}
