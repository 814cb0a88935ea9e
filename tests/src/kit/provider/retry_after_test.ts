import assert from "node:assert/strict";
import { retryAfterMs } from "../../../../src/kit/provider/retry_after.ts";

const DATE = "Sun, 22 Nov 2026 12:00:00 GMT";
const LATER = "Sun, 22 Nov 2026 12:00:20 GMT";

const TABLE: readonly [headers: Record<string, string>, expected: number | undefined][] = [
  [{}, undefined],
  [{ "retry-after-ms": "1500" }, 1500],
  [{ "retry-after-ms": "1500", "retry-after": "7" }, 1500],
  [{ "retry-after-ms": "soon", "retry-after": "7" }, 7000],
  [{ "retry-after": "7" }, 7000],
  [{ "retry-after": "0.25" }, 250],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "86400" }, 86_400_000],
  [{ "retry-after": "-1" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after": "1e999" }, undefined],
  [{ "retry-after": "later" }, undefined],
  [{ "retry-after": LATER, "date": DATE }, 20_000],
  [{ "retry-after": DATE, "date": LATER }, undefined],
  [{ "retry-after": LATER }, undefined],
];

for (const [headers, expected] of TABLE) {
  Deno.test(`retryAfterMs() reads ${JSON.stringify(headers)} as ${expected}`, () => {
    assert.equal(retryAfterMs(new Headers(headers)), expected);
  });
}
