import { Secret } from "../../../src/records/secret.ts";
import type { Driver } from "../../../src/ports/driver.ts";
import { openRouterDriver, type OpenRouterDriverOptions } from "../../../src/drivers/openai/openrouter.ts";
import { OPENROUTER_COMPLETIONS, OPENROUTER_RESPONSES } from "../../src/drivers/openai/openrouter_recordings.ts";
import { requestOf } from "../../src/drivers/openai/requests.ts";
import { testFaults } from "../fault_table.ts";

testFaults({
  name: "openrouter responses",
  create: (origin) => create({ api: "responses" }, origin),
  request: requestOf({ model: "anthropic/claude-sonnet-4.5" }),
  recordings: [OPENROUTER_RESPONSES],
});

testFaults({
  name: "openrouter completions",
  create: (origin) => create({}, origin),
  request: requestOf({ model: "anthropic/claude-sonnet-4.5" }),
  recordings: [OPENROUTER_COMPLETIONS],
});

async function create(options: OpenRouterDriverOptions, origin: string): Promise<Driver> {
  return await openRouterDriver(options).create({
    apiKey: new Secret("sk-or-test-0123456789"),
    baseUrl: `${origin}/api/v1`,
  });
}
