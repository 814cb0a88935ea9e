import assert from "node:assert/strict";
import { redactorOf } from "../../../src/mcp/redactor.ts";

Deno.test("redactorOf() hides header values, environment secrets and what an address carries", () => {
  const redact = redactorOf({
    url: "https://user:pass-word-1@example.com/mcp?key=url-secret-2",
    headers: { Authorization: "Bearer canary-header-3" },
    env: { API_KEY: "canary-env-4", PATH: "/usr/bin:/bin", SOMETHING: "a-long-opaque-value-5" },
  });
  const text = "pass-word-1 url-secret-2 canary-header-3 Bearer canary-header-3 canary-env-4 a-long-opaque-value-5";
  assert.equal(redact(text), "[secret] [secret] [secret] [secret] [secret] [secret]");
  assert.equal(redact("/usr/bin:/bin stays"), "/usr/bin:/bin stays");
});

Deno.test("redactorOf() hides the shapes of keys it was never told", () => {
  const redact = redactorOf({});
  assert.equal(redact("sent sk-abcdefgh12345 and Bearer abcdefghijklmnopqrstuv"), "sent [secret] and [secret]");
});

Deno.test("redactorOf() hides escaped spellings of a secret", () => {
  const redact = redactorOf({ headers: { "X-Key": 'quo"te/secret' } });
  assert.equal(redact(JSON.stringify('quo"te/secret')), '"[secret]"');
  assert.equal(redact(encodeURIComponent('quo"te/secret')), "[secret]");
});
