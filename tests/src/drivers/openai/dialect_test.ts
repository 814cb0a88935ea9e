import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import { detectDialect, type DialectName, dialectNamed } from "../../../../src/drivers/openai/dialect.ts";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";

const DETECTED: readonly [baseUrl: string, dialect: DialectName][] = [
  ["https://api.openai.com/v1", "openai"],
  ["https://eu.api.openai.com/v1", "openai"],
  ["https://api.openai.com.evil.test/v1", "generic"],
  ["https://notopenai.com/v1", "generic"],
  ["https://my-resource.openai.azure.com/openai/v1", "openai"],
  ["https://my-resource.services.ai.azure.com/openai/v1", "openai"],
  ["https://openai.azure.com.evil.test/openai/v1", "generic"],
  ["https://openrouter.ai/api/v1", "openrouter"],
  ["https://api.mistral.ai/v1", "mistral"],
  ["http://localhost:11434/v1", "ollama"],
  ["http://gpu.lan:11434/v1", "ollama"],
  ["https://ollama.com/v1", "ollama"],
  ["http://127.0.0.1:8000/v1", "vllm"],
  ["http://[::1]:8080/v1", "llama_cpp"],
  ["https://gateway.test:8000/v1", "generic"],
  ["http://localhost:1234/v1", "generic"],
];

for (const [baseUrl, dialect] of DETECTED) {
  Deno.test(`detectDialect() takes ${baseUrl} for ${dialect}`, () => {
    assert.equal(detectDialect(baseUrl).name, dialect);
  });
}

Deno.test("dialectNamed() names the known dialects when it is given another", () => {
  for (const name of ["OpenAI", "constructor", 7, null]) {
    assert.throws(() => dialectNamed(name), (error) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, "provider_misconfigured");
      assert.match(error.message, /expected one of openai, openrouter, mistral, ollama, vllm, llama_cpp, generic/);
      return true;
    });
  }
});

const TARGETS: readonly [baseUrl: string | undefined, netTarget: string, url: string][] = [
  [undefined, "api.openai.com:443", "https://api.openai.com/v1/responses"],
  ["https://a.test", "a.test:443", "https://a.test/responses"],
  ["https://a.test/v1/", "a.test:443", "https://a.test/v1/responses"],
  ["http://a.test/v9", "a.test:80", "http://a.test/v9/responses"],
  ["http://[::1]:8080/v1", "[::1]:8080", "http://[::1]:8080/v1/responses"],
];

for (const [baseUrl, netTarget, url] of TARGETS) {
  Deno.test(`an endpoint at ${baseUrl} needs --allow-net=${netTarget}`, () => {
    const endpoint = new Endpoint(baseUrl, "https://api.openai.com/v1");
    assert.deepEqual([endpoint.netTarget, endpoint.url("/responses")], [netTarget, url]);
  });
}

for (const baseUrl of ["", "api.openai.com", "file:///etc", "https://u:hunter2@a.test", "https://a.test?key=hunter2"]) {
  Deno.test(`an endpoint at "${baseUrl}" is refused without repeating it`, () => {
    assert.throws(() => new Endpoint(baseUrl, "https://api.openai.com/v1"), (error) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, "provider_misconfigured");
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });
}
