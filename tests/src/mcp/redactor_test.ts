import assert from "node:assert/strict";
import { Redactor } from "../../../src/mcp/redactor.ts";

Deno.test("a redactor hides header values, environment secrets and what an address carries", () => {
  const redactor = new Redactor({
    url: "https://user:pass-word-1@example.com/mcp?key=url-secret-2",
    headers: { Authorization: "Bearer canary-header-3" },
    env: { API_KEY: "canary-env-4", PATH: "/usr/bin:/bin", SOMETHING: "a-long-opaque-value-5" },
  });
  const text = "pass-word-1 url-secret-2 canary-header-3 Bearer canary-header-3 canary-env-4 a-long-opaque-value-5";
  assert.equal(redactor.redact(text), "[secret] [secret] [secret] [secret] [secret] [secret]");
  assert.equal(redactor.redact("/usr/bin:/bin stays"), "/usr/bin:/bin stays");
});

Deno.test("a redactor hides the shapes of keys it was never told", () => {
  const redactor = new Redactor({});
  assert.equal(
    redactor.redact("sent sk-abcdefgh12345 and Bearer abcdefghijklmnopqrstuv"),
    "sent [secret] and [secret]",
  );
});

Deno.test("a redactor hides escaped spellings of a secret", () => {
  const redactor = new Redactor({ headers: { "X-Key": 'quo"te/secret' } });
  assert.equal(redactor.redact(JSON.stringify('quo"te/secret')), '"[secret]"');
  assert.equal(redactor.redact(encodeURIComponent('quo"te/secret')), "[secret]");
});

Deno.test("a redactor hides values it is told later, and remembers a bounded number of them", () => {
  const redactor = new Redactor({});
  redactor.add(["Bearer opaque-token-1"]);
  assert.equal(redactor.redact("got opaque-token-1"), "got [secret]");
  redactor.add(Array.from({ length: 100 }, (_, place) => `another-value-${place}`));
  assert.equal(redactor.redact("got opaque-token-1"), "got opaque-token-1");
  assert.equal(redactor.redact("another-value-99"), "[secret]");
});
