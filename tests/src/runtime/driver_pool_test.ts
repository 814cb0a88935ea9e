/** Drivers are made when they are first needed, and once. */

import assert from "node:assert/strict";
import { type Driver, DriverRegistry, InProcessRuntimeBuilder } from "../../../mod.ts";
import { functionDriver, text } from "../_support/faults.ts";

for (const how of ["throws", "rejects"] as const) {
  Deno.test(`a driver whose making ${how} fails the turn, and is made again by the next one`, async () => {
    const descriptor = functionDriver(() => text("ok"));
    let tries = 0;
    const create = (): Driver | Promise<Driver> => {
      const broken = new Error("the certificate is not there yet");
      if (++tries > 1) return descriptor.create({});
      if (how === "throws") throw broken;
      return Promise.reject(broken);
    };
    await using runtime = await new InProcessRuntimeBuilder()
      .driverRegistry(new DriverRegistry().register({ ...descriptor, create }))
      .defaultModel({ model: "m", providerType: descriptor.id })
      .singleSession((single) => single.harness("h"))
      .build();
    const id = runtime.defaultSessionId;
    const failed = await runtime.runTextTurn(id, "one");
    assert.deepEqual([failed.status, failed.error?.message], ["failed", "the certificate is not there yet"]);
    assert.equal((await runtime.runTextTurn(id, "two")).response, "ok");
    assert.equal((await runtime.runTextTurn(id, "three")).response, "ok");
    assert.equal(tries, 2);
  });
}
