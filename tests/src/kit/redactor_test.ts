import assert from "node:assert/strict";
import fc from "fast-check";
import { Redactor } from "../../../src/kit/redactor.ts";

const KEY = 'k/3f"a 9+é=\n';

Deno.test("a redactor finds a value in whatever way it was spelled", () => {
  const bytes = new TextEncoder().encode(KEY);
  const spellings: Readonly<Record<string, string>> = {
    plain: KEY,
    JSON: JSON.stringify(KEY).slice(1, -1),
    "JSON in JSON": JSON.stringify(JSON.stringify(KEY)).slice(3, -3),
    "JSON with escaped slashes": JSON.stringify(KEY).slice(1, -1).replaceAll("/", "\\/"),
    "JSON in ASCII": JSON.stringify(KEY).slice(1, -1).replace("é", "\\u00e9"),
    URL: encodeURIComponent(KEY),
    "URL in small letters": encodeURIComponent(KEY).toLowerCase(),
    "URL in a URL": encodeURIComponent(encodeURIComponent(KEY)),
    path: encodeURI(KEY),
    form: new URLSearchParams([["", KEY]]).toString().slice(1),
    HTML: KEY.replace('"', "&quot;").replace("/", "&#x2F;"),
    hex: bytes.toHex(),
    "HEX": bytes.toHex().toUpperCase(),
    base64: bytes.toBase64(),
    base64url: bytes.toBase64({ alphabet: "base64url", omitPadding: true }),
  };
  const redactor = new Redactor([KEY]);
  for (const [name, spelling] of Object.entries(spellings)) {
    assert.equal(redactor.redact(`<${spelling}>`), "<[secret]>", name);
  }
});

Deno.test("a redactor finds any value in any spelling inside any text", () => {
  const text = fc.string({ unit: "grapheme", minLength: 6, maxLength: 20 });
  fc.assert(
    fc.property(text, fc.string(), fc.string(), (value, before, after) => {
      if (!value.isWellFormed() || /^\[?secret/.test(value)) return;
      const bytes = (all: string): Uint8Array => new TextEncoder().encode(all);
      const redactor = new Redactor([value]);
      const whole = before + value + after;
      const shown = [whole, JSON.stringify(whole), encodeURIComponent(whole.toWellFormed()), bytes(whole).toHex()];
      for (const all of shown) assert.ok(redactor.redact(all).includes("[secret]"), all);
      assert.ok(redactor.redact(bytes(`${before}${value}${after}`).toBase64()).includes("[secret]"));
    }),
    { seed: 7, numRuns: 100 },
  );
});

Deno.test("a redactor leaves texts alone that have no secret", () => {
  const redactor = new Redactor([KEY, "12345"]);
  for (
    const text of ["12345", "", "k/3f", "sk-short", "the Bearer of news", "risk-assessments and task_descriptions"]
  ) {
    assert.equal(redactor.redact(text), text);
  }
  const value = { a: ["b", 1, null, { c: true }] };
  assert.equal(redactor.redactResult(value), value);
});

Deno.test("a redactor knows the key behind the scheme of a header, and the shapes of keys it was never told", () => {
  const redactor = new Redactor(["Bearer opaque-token-1"]);
  assert.equal(redactor.redact("opaque-token-1, Bearer opaque-token-1"), "[secret], [secret]");
  assert.equal(redactor.redact("sk-abcdefgh12345, Bearer abcdefghijklmnopqrstuv"), "[secret], [secret]");
});

Deno.test("a redactor finds most of a value that was cut off at the end of a text", () => {
  const redactor = new Redactor(["0123456789abcdef"]);
  assert.equal(redactor.redact("it was 0123456789ab"), "it was [secret]");
  assert.equal(redactor.redact("it was 0123456"), "it was 0123456");
  assert.equal(redactor.redact("0123456789ab and more"), "0123456789ab and more");
});

Deno.test("a result loses credentials, in names too, and keeps what only looks like a key or may be no secret", () => {
  const redactor = new Redactor(["credential-1"], ["production-eu"]);
  const result = {
    text: "credential-1 of production-eu, pk_customer_orders",
    list: [{ "credential-1": btoa("credential-1") }],
  };
  assert.deepEqual(redactor.redactResult(result), {
    text: "[secret] of production-eu, pk_customer_orders",
    list: [{ "[secret]": "[secret]" }],
  });
  assert.equal(redactor.redact("credential-1 of production-eu"), "[secret] of [secret]");
});

Deno.test("a redactor remembers a bounded number of values that it is told later", () => {
  const redactor = new Redactor();
  redactor.add(["opaque-token-1"]);
  assert.equal(redactor.redact("got opaque-token-1"), "got [secret]");
  redactor.add(Array.from({ length: 100 }, (_, place) => `another-value-${place}`));
  assert.equal(redactor.redact("got opaque-token-1"), "got opaque-token-1");
  assert.equal(redactor.redact("another-value-99"), "[secret]");
});

Deno.test("a redactor takes a value of any length, and a hostile text does not slow it down", () => {
  const long = "x\\".repeat(50_000);
  const redactor = new Redactor([long, "\\\\\\\\\\\\\\\\x", "%%%%%%%%"]);
  assert.ok(redactor.redact(`a ${long.slice(0, 32_768)}`) === "a [secret]");
  for (const text of ["\\".repeat(1_000_000), "%25".repeat(300_000), "&#x".repeat(300_000)]) redactor.redact(text);
});

Deno.test("a redactor takes a failure of any length", () => {
  const run = "a".repeat(7_000_000);
  const redactor = new Redactor();
  for (const start of ["sk-", "AIza", "Bearer "]) {
    const rest = redactor.redact(`${start}${run}`);
    assert.ok(rest.startsWith("[secret]") && rest.length <= run.length);
  }
  assert.equal(redactor.redact(`Bearer ${run.slice(0, 60_000)}`), "[secret]");
});
