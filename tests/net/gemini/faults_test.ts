import { Secret } from "../../../src/records/secret.ts";
import { geminiDriver } from "../../../src/drivers/gemini/mod.ts";
import { GEMINI_CALLS, GEMINI_TEXT } from "../../src/drivers/gemini/recordings.ts";
import { requestOf } from "../../src/drivers/openai/requests.ts";
import { testFaults } from "../fault_table.ts";

testFaults({
  name: "gemini",
  create: (origin) =>
    geminiDriver().create({ apiKey: new Secret("AIza-test-0123456789"), baseUrl: `${origin}/v1beta` }),
  request: requestOf({ model: "gemini-x" }),
  recordings: [GEMINI_TEXT, GEMINI_CALLS],
});
