/** Nothing that is secret is in the files of a data folder, wherever a host put it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { DriverId } from "../../src/records/model.ts";
import { idFromSeed } from "../../src/records/ids.ts";
import { Secret } from "../../src/records/secret.ts";
import { RuntimeBackends } from "../../src/runtime/backends.ts";
import { openRuntime, SESSION } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

const CANARY = "sk-canary-7f3a91c2";
const SHOWN = "visible-7f3a91c2";
const KEY: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(32));

Deno.test("API keys of models, secrets and their key are in no file of the data folder, what is said is", async () => {
  using folder = tempFolder();
  const model = { model: "m", providerType: DriverId.LlmSim, apiKey: new Secret(CANARY) };
  const opened = await openRuntime(folder.path, {
    model: LlmSimConfig.echo(),
    secretKey: KEY,
    configure: (builder) => builder.defaultModel(model).model(idFromSeed("model", 1), model),
  });
  await opened.runtime.runTextTurn(SESSION, SHOWN);
  const { storageStore } = opened.local.runtimeBackends.slots;
  await storageStore.setSecret(SESSION, "token", new Secret(CANARY));
  await storageStore.setSecret(SESSION, "gone", new Secret(CANARY));
  await storageStore.deleteSecret(SESSION, "gone");
  // The log still holds all of it. Reading the files drops the locks of SQLite; no other process is here to mind.
  assertHidden(folder.path);
  await opened[Symbol.asyncDispose]();
  assertHidden(folder.path);
});

for (const apiKey of [new Secret(CANARY), { reveal: new Secret(CANARY) }]) {
  Deno.test(`a session with a key in its ${apiKey instanceof Secret ? "hints" : "nested hints"} is refused, and no file has it`, async () => {
    using folder = tempFolder();
    {
      await using opened = await openRuntime(folder.path);
      const { sessionStore } = opened.local.runtimeBackends.slots;
      const session = await sessionStore.getSession(SESSION);
      await assert.rejects(sessionStore.addSession({ ...session!, hints: JSON.parse("{}", () => ({ apiKey })) }), {
        code: "secret_in_record",
      });
      await opened.runtime.runTextTurn(SESSION, SHOWN);
    }
    assertHidden(folder.path);
  });
}

Deno.test("without a key a secret is refused before anything of it is written", async () => {
  using folder = tempFolder();
  {
    await using opened = await openRuntime(folder.path, { backends: RuntimeBackends.inMemory() });
    const { storageStore } = opened.local.runtimeBackends.slots;
    await assert.rejects(storageStore.setSecret(SESSION, "token", new Secret(CANARY)), { code: "secret_key_missing" });
    await opened.runtime.runTextTurn(SESSION, SHOWN);
  }
  assertHidden(folder.path);
});

/** Looks for the canary in every spelling in every file; what is no secret is found, so the search finds what is there. */
function assertHidden(folder: string): void {
  const texts = filesIn(folder).map((path) => latin1(Deno.readFileSync(path)));
  assert.ok(texts.some((text) => text.includes(SHOWN)));
  const spellings = [CANARY, btoa(CANARY).slice(0, -4), CANARY.split("").join("\0"), hexOf(CANARY), latin1(KEY)];
  for (const spelling of spellings) assert.ok(texts.every((text) => !text.includes(spelling)), spelling);
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(folder, name)) : [join(folder, name)]
  );
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function hexOf(text: string): string {
  return new TextEncoder().encode(text).toHex();
}
