/** A driver of the host under the id of the simulated one. */

import assert from "node:assert/strict";
import { ReentrantTurnError } from "../../../src/errors.ts";
import { DriverRegistry } from "../../../src/kit/registries.ts";
import { DriverId } from "../../../src/records/model.ts";
import { InProcessRuntimeBuilder } from "../../../src/runtime/builder.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { functionDriver, text } from "../_support/faults.ts";

Deno.test("a host's driver registered as llmsim that runs a turn of its own session is refused as reentrant", async () => {
  const seen: unknown[] = [];
  const host: { runtime?: InProcessRuntime } = {};
  const driver = functionDriver(async function* () {
    const { runtime } = host;
    await runtime?.runTextTurn(runtime.defaultSessionId, "again").catch((error) => seen.push(error));
    yield* text("ok");
  }, DriverId.LlmSim);
  await using runtime = await new InProcessRuntimeBuilder()
    .driverRegistry(new DriverRegistry().register(driver))
    .defaultModel({ model: "own", providerType: DriverId.LlmSim })
    .singleSession((single) => single.harness("own"))
    .build();
  host.runtime = runtime;
  assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "hi")).response, "ok");
  assert.ok(seen[0] instanceof ReentrantTurnError);
});
