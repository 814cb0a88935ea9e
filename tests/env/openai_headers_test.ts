/**
 * What the environment may not do, even where the program may read it; a group of its own for its env grants.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Secret } from "../../src/records/secret.ts";
import { openAIResponsesDriver } from "../../src/drivers/openai/mod.ts";
import { openRouterDriver } from "../../src/drivers/openai/openrouter.ts";
import { RESPONSES_TEXT } from "../src/drivers/openai/recordings.ts";
import { requestOf } from "../src/drivers/openai/requests.ts";
import { WireServer } from "../_support/wire_server.ts";
import { collect } from "../net/fault_table.ts";

const VARIABLES: Readonly<Record<string, string>> = {
  // The second name is the one that carries the headers of a single request to the transport.
  OPENAI_CUSTOM_HEADERS: "Authorization: Bearer sk-somebody-else\nX-Own-Headers: %7B%22x-injected%22%3A%22yes%22%7D",
  OPENAI_API_KEY: "sk-somebody-else",
  OPENAI_BASE_URL: "http://127.0.0.1:9/elsewhere",
  OPENAI_ORG_ID: "org-somebody-else",
  OPENAI_PROJECT_ID: "proj-somebody-else",
  OPENAI_ADMIN_KEY: "sk-somebody-else-admin",
  OPENAI_LOG: "debug",
};

Deno.test({
  name: "nothing in the environment changes what is sent",
  async fn() {
    await using server = await WireServer.start({
      headers: { "content-type": "text/event-stream" },
      pieces: RESPONSES_TEXT.pieces,
    });
    const config = { apiKey: new Secret("sk-mine-0123456789"), baseUrl: server.origin };
    const drivers = [openAIResponsesDriver(), openRouterDriver({ api: "responses" })];
    const call = async () => {
      for (const descriptor of drivers) {
        const driver = await descriptor.create(config);
        await collect(driver, requestOf());
        // Answered with a stream, which is no list: only what is sent matters.
        await driver.listModels?.({ signal: new AbortController().signal }).catch(() => {});
      }
    };
    await call();
    for (const [variable, value] of Object.entries(VARIABLES)) Deno.env.set(variable, value);
    try {
      await call();
    } finally {
      for (const variable of Object.keys(VARIABLES)) Deno.env.delete(variable);
    }
    for (let index = 0; index < 4; index++) {
      const [before, after] = [await server.exchange(index).request, await server.exchange(index + 4).request];
      assert.deepEqual(after, before);
      assert.equal(after.headers.get("authorization"), "Bearer sk-mine-0123456789");
    }
  },
});
