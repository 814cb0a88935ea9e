/**
 * Which provider a run is on.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Environment } from "../host/environment.ts";
import { chooseProvider, type ModelWishes } from "../host/providers.ts";
import { playground, runCli } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

const KEYS = { GEMINI_API_KEY: "g", ANTHROPIC_API_KEY: "a" };

Deno.test("the flag counts more than CODING_CLI_PROVIDER, and that more than the first key there is", () => {
  assert.equal(choose({}, KEYS), "anthropic claude-sonnet-5");
  assert.equal(choose({}, { ...KEYS, CODING_CLI_PROVIDER: "gemini" }), "gemini gemini-3.5-flash");
  assert.equal(choose({ provider: "llmsim" }, { ...KEYS, CODING_CLI_PROVIDER: "gemini" }), "llmsim llmsim-model");
  assert.equal(choose({ model: "m" }, { ...KEYS, CODING_CLI_MODEL: "other" }), "anthropic m");
  assert.equal(choose({}, { ...KEYS, CODING_CLI_MODEL: "other" }), "anthropic other");
});

Deno.test("an address alone is that of a server with the Chat Completions API, which needs no key", () => {
  assert.equal(choose({ baseUrl: "http://127.0.0.1:1/v1", model: "local" }, {}), "openai_completions local");
  assert.equal(choose({ provider: "ollama", model: "llama" }, {}), "ollama llama");
});

Deno.test("what lacks is named: the variables, the model, the grant", () => {
  assert.throws(() => choose({ provider: "gemini" }, {}), /set GEMINI_API_KEY, GEMINI_BASE_URL/);
  assert.throws(() => choose({ provider: "ollama" }, {}), /name one with --model/);
  assert.throws(() => choose({ provider: "nobody" }, {}), /unknown provider "nobody"; it is one of openai, /);
  const refusing = new Environment(() => "set", () => false);
  assert.throws(() => chooseProvider({ provider: "gemini" }, refusing), /--allow-env=GEMINI_API_KEY,GEMINI_BASE_URL/);
});

Deno.test("a program may take everything about the provider from the environment", async () => {
  using at = playground();
  await using provider = serveScript(["Hello."]);
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: provider.baseUrl };
  const args = ["-C", at.workspace, "--data-dir", at.dataDir, "--no-bash", "--no-web", "-p", "Hi"];
  const { code, stdout } = await runCli(args, { env });
  assert.deepEqual([code, stdout], [0, "Hello.\n"]);
  assert.equal(provider.requests[0]?.model, "gpt-5.5");
});

function choose(wishes: ModelWishes, variables: Readonly<Record<string, string>>): string {
  const { provider, model } = chooseProvider(wishes, new Environment((name) => variables[name], () => true));
  return `${provider} ${model.model}`;
}
