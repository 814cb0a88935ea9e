import assert from "node:assert/strict";
import { Secret } from "../../../src/records/secret.ts";
import { KnownSecrets } from "../../../src/runtime/driver_pool.ts";

Deno.test("the keys of models go out of failures and results, secrets of sessions out of failures", async () => {
  const secrets = new KnownSecrets();
  await secrets.learnKey("sk-live-0123456789");
  await secrets.learnKey(new Secret(" another-key-987654 "));
  await secrets.learn(new Secret("of the session"));
  const text = "sk-live-0123456789, another-key-987654, of the session";
  assert.equal(secrets.redact(text), "[secret], [secret], [secret]");
  assert.deepEqual(secrets.redactResult([text]), ["[secret], [secret], of the session"]);
});

Deno.test("words that stand in the place of a key stay: a text about Ollama is no secret", async () => {
  const secrets = new KnownSecrets();
  for (const word of ["ollama", "lm-studio", "no-key-required", "fake-key", ""]) await secrets.learnKey(word);
  assert.equal(secrets.learnKey(undefined), undefined);
  const text = "ollama, lm-studio, no-key-required, fake-key";
  assert.equal(secrets.redact(text), text);
  assert.equal(secrets.redactResult(text), text);
});
