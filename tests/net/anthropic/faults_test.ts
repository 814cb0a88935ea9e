import { Secret } from "../../../src/records/secret.ts";
import { anthropicDriver } from "../../../src/drivers/anthropic/mod.ts";
import { COMPACTED, SEARCH } from "../../src/drivers/anthropic/hosted_recordings.ts";
import { CALLS, TEXT } from "../../src/drivers/anthropic/recordings.ts";
import { KEY, requestOf } from "../../src/drivers/anthropic/requests.ts";
import { testFaults } from "../fault_table.ts";

testFaults({
  name: "anthropic",
  create: (origin) => anthropicDriver().create({ apiKey: new Secret(KEY), baseUrl: origin }),
  request: requestOf(),
  recordings: [TEXT, CALLS, SEARCH, COMPACTED],
});
