import assert from "node:assert/strict";
import { isAllowed, mergeNetworkAccess } from "../../../src/kit/network_policy.ts";

const ALLOWED: readonly [pattern: string, reached: readonly string[], refused: readonly string[]][] = [
  ["example.com", [
    "https://example.com",
    "http://EXAMPLE.com:8080/a",
    "https://example.com./a",
    "wss://example.com",
  ], [
    "https://www.example.com",
    "https://example.com.evil.org",
    "https://notexample.com",
    "https://example.org/example.com",
    "https://example.com@evil.org/",
    "https://evil.org#example.com",
    "https://evil.org\\@example.com",
  ]],
  ["*.example.com", ["https://example.com", "https://a.example.com", "https://a.b.EXAMPLE.com"], [
    "https://badexample.com",
    "https://example.com.evil.org",
  ]],
  ["https://api.example.com/v1", [
    "https://api.example.com/v1",
    "https://API.example.com:443/V1/users?x=1",
    "https://api.example.com/v1?x=1",
    "https://api.example.com/a/../v1/x",
    "https://api.example.com/%761/x",
  ], [
    "https://api.example.com/v1beta",
    "https://api.example.com/v1/../admin",
    "https://api.example.com/v1/%2e%2e/admin",
    "http://api.example.com/v1",
    "https://api.example.com:8443/v1",
    "https://api.example.com.evil.org/v1",
    "https://api.example.com@evil.org/v1",
  ]],
  ["https://example.com", ["https://example.com/anything"], ["https://example.community/"]],
  ["example.com:8080", ["http://example.com:8080/"], ["http://example.com/", "https://example.com/"]],
  ["*", ["https://anything.org"], ["not an address"]],
  ["münchen.de", ["https://xn--mnchen-3ya.de/", "https://MÜNCHEN.de"], ["https://munchen.de"]],
  ["127.0.0.1", ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/"], ["http://127.0.0.2"]],
  ["not a pattern", [], ["https://not/", "https://example.com"]],
  ["", [], ["https://example.com"]],
];

for (const [pattern, reached, refused] of ALLOWED) {
  Deno.test(`the allowed pattern "${pattern}" opens what it names and nothing else`, () => {
    assert.deepEqual([...reached, ...refused].filter((url) => isAllowed({ allowed: [pattern] }, url)), reached);
  });
}

const BLOCKED: readonly [pattern: string, refused: readonly string[], reached: readonly string[]][] = [
  ["evil.org", ["https://evil.org", "https://EVIL.org./x"], ["https://www.evil.org"]],
  ["*.evil.org", ["https://evil.org", "https://a.evil.org"], ["https://evil.com"]],
  ["https://x.org/admin", ["https://x.org/admin.php", "https://x.org/a/../admin", "https://x.org/%61dmin"], [
    "https://x.org/",
  ]],
  ["*", ["https://example.com"], []],
  ["not a pattern", ["https://example.com"], []],
];

for (const [pattern, refused, reached] of BLOCKED) {
  Deno.test(`the blocked pattern "${pattern}" wins over an open policy`, () => {
    const policy = { allowed: ["*"], blocked: [pattern] };
    assert.deepEqual([...refused, ...reached].filter((url) => isAllowed(policy, url)), reached);
  });
}

Deno.test("no policy and an empty policy allow everything, an empty list nothing", () => {
  assert.equal(isAllowed(undefined, "https://example.com"), true);
  assert.equal(isAllowed({}, "https://example.com"), true);
  assert.equal(isAllowed({ allowed: [] }, "https://example.com"), false);
});

Deno.test("mergeNetworkAccess() inherits what a layer leaves unset", () => {
  assert.equal(mergeNetworkAccess(undefined, undefined), undefined);
  assert.deepEqual(mergeNetworkAccess({ allowed: ["a.org"] }, undefined), { allowed: ["a.org"] });
  assert.deepEqual(mergeNetworkAccess(undefined, { allowed: ["a.org"] }), { allowed: ["a.org"] });
  assert.deepEqual(mergeNetworkAccess({ allowed: ["a.org"] }, { blocked: ["b.org"] }), {
    allowed: ["a.org"],
    blocked: ["b.org"],
  });
  assert.deepEqual(mergeNetworkAccess({ blocked: ["a.org"] }, { allowed: ["b.org"], blocked: ["a.org", "c.org"] }), {
    allowed: ["b.org"],
    blocked: ["a.org", "c.org"],
  });
});

const COVERED: readonly [parent: string, kept: readonly string[], dropped: readonly string[]][] = [
  ["example.com", ["example.com", "EXAMPLE.com", "https://example.com/a", "example.com:8080"], [
    "*.example.com",
    "a.example.com",
    "*",
    "https://a.example.com/",
  ]],
  ["*.example.com", ["*.example.com", "example.com", "a.example.com", "*.a.example.com", "https://a.example.com/x"], [
    "*.com",
    "example.org",
    "badexample.com",
  ]],
  ["https://example.com/a", ["https://example.com/a", "https://example.com/a/b"], [
    "https://example.com/ab",
    "https://example.com/",
    "example.com",
    "http://example.com/a",
  ]],
  ["*", ["*", "example.com", "*.example.com", "https://example.com/"], ["not a pattern"]],
  ["example.com:443", ["example.com:443", "https://example.com/"], ["example.com", "http://example.com/"]],
];

for (const [parent, kept, dropped] of COVERED) {
  Deno.test(`below a layer that allows "${parent}" only what it covers is kept`, () => {
    const merged = mergeNetworkAccess({ allowed: [parent] }, { allowed: [...kept, ...dropped] });
    assert.deepEqual(merged, { allowed: kept });
  });
}

Deno.test("a layer that shares nothing with the one above may reach nothing", () => {
  const merged = mergeNetworkAccess({ allowed: ["a.org"] }, { allowed: ["b.org"] });
  assert.deepEqual(merged, { allowed: [] });
  assert.equal(isAllowed(merged, "https://a.org"), false);
});
