import { Secret } from "../../../src/records/secret.ts";
import type { Driver, DriverDescriptor } from "../../../src/ports/driver.ts";
import {
  azureOpenAIDriver,
  ollamaDriver,
  openAICompletionsDriver,
  openAIResponsesDriver,
} from "../../../src/drivers/openai/mod.ts";
import { COMPACTED, SEARCH } from "../../src/drivers/openai/hosted_recordings.ts";
import {
  COMPLETIONS_CALLS,
  COMPLETIONS_TEXT,
  COMPLETIONS_THOUGHT,
  RESPONSES_CALLS,
  RESPONSES_TEXT,
} from "../../src/drivers/openai/recordings.ts";
import { requestOf } from "../../src/drivers/openai/requests.ts";
import { testFaults } from "../fault_table.ts";

testFaults({
  name: "openai",
  create: (origin) => create(openAIResponsesDriver(), origin),
  request: requestOf(),
  recordings: [RESPONSES_TEXT, RESPONSES_CALLS],
});

testFaults({
  name: "openai itself",
  create: (origin) => create(openAIResponsesDriver(), origin, "openai"),
  request: requestOf(),
  recordings: [SEARCH, COMPACTED],
});

testFaults({
  name: "openai_completions",
  create: (origin) => create(openAICompletionsDriver(), origin),
  request: requestOf(),
  recordings: [COMPLETIONS_TEXT, COMPLETIONS_CALLS, COMPLETIONS_THOUGHT],
});

testFaults({
  name: "azure_openai",
  create: (origin) => create(azureOpenAIDriver(), origin),
  // The model of the recording, whose price nobody knows.
  request: requestOf({ model: "m-1" }),
  recordings: [RESPONSES_TEXT],
});

testFaults({
  name: "ollama",
  create: (origin) => create(ollamaDriver(), origin),
  request: requestOf(),
  recordings: [COMPLETIONS_TEXT],
});

async function create(descriptor: DriverDescriptor, origin: string, dialect?: string): Promise<Driver> {
  return await descriptor.create({
    apiKey: new Secret("sk-test-0123456789"),
    baseUrl: `${origin}/v1`,
    ...(dialect === undefined ? {} : { providerMetadata: { dialect } }),
  });
}
