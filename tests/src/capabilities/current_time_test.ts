import assert from "node:assert/strict";
import { currentTime } from "../../../src/capabilities/current_time.ts";
import { call, toolOf } from "./_tool_context.ts";

const NOW = Date.UTC(2026, 6, 14, 22, 5, 9, 987);
const tool = toolOf(currentTime({ now: () => NOW }), "get_current_time");

Deno.test("get_current_time gives UTC in ISO 8601 to the second unless told otherwise", async () => {
  const expected = { datetime: "2026-07-14T22:05:09+00:00", format: "iso8601", timezone: "UTC" };
  assert.deepEqual(await call(tool, {}), expected);
});

Deno.test("get_current_time honours the time zone, daylight saving and date line included", async () => {
  const times = [
    ["Europe/Zurich", "2026-07-15T00:05:09+02:00"],
    ["America/St_Johns", "2026-07-14T19:35:09-02:30"],
    ["Asia/Kathmandu", "2026-07-15T03:50:09+05:45"],
    ["+09:30", "2026-07-15T07:35:09+09:30"],
  ] as const;
  for (const [timezone, datetime] of times) {
    assert.deepEqual(await call(tool, { timezone }), { datetime, format: "iso8601", timezone });
  }
});

Deno.test("get_current_time names the zone as IANA spells it", async () => {
  assert.match(JSON.stringify(await call(tool, { timezone: "europe/zurich" })), /"timezone":"Europe\/Zurich"/);
});

Deno.test("get_current_time gives whole seconds since 1970 as unix", async () => {
  const expected = { timestamp: Math.floor(NOW / 1000), format: "unix", timezone: "Europe/Zurich" };
  assert.deepEqual(await call(tool, { format: "unix", timezone: "Europe/Zurich" }), expected);
});

Deno.test("get_current_time gives words for people as human", async () => {
  const answer = await call(tool, { format: "human", timezone: "Europe/Zurich" });
  assert.match(JSON.stringify(answer), /Wednesday, July 15, 2026 at 00:05:09 GMT\+2/);
});

for (const timezone of ["Mars/Olympus", "", "2026-01-01T00:00Z", "+99:00", "../UTC"]) {
  Deno.test(`get_current_time answers the time zone ${JSON.stringify(timezone)} with a tool error`, async () => {
    assert.match(JSON.stringify(await call(tool, { timezone })), /error.*Unknown time zone/);
  });
}

Deno.test("get_current_time refuses an unknown format", async () => {
  assert.match(JSON.stringify(await call(tool, { format: "roman" })), /invalid arguments/);
});

Deno.test("get_current_time asks its clock at each call, and that of the host by default", async () => {
  let now = 0;
  const ticking = toolOf(currentTime({ now: () => now += 1000 }), "get_current_time");
  const timestamps = [await call(ticking, { format: "unix" }), await call(ticking, { format: "unix" })];
  assert.deepEqual(timestamps.map((answer) => JSON.stringify(answer).includes(`"timestamp":1`)), [true, false]);
  const before = Math.floor(Date.now() / 1000);
  const host = await call(toolOf(currentTime(), "get_current_time"), { format: "unix" });
  assert.ok(Number(host["timestamp"]) >= before);
});
