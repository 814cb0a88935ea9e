/** What a user's hook is given in its environment comes out of none of its failures; its configuration has it. */

import assert from "node:assert/strict";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { createUserHooks } from "../../src/capabilities/user_hooks/capability.ts";
import type { UserHookOutput, UserHookSpawn } from "../../src/capabilities/user_hooks/run_hook.ts";
import { InProcessRuntimeBuilder } from "../../src/runtime/builder.ts";
import { canary } from "./_canaries.ts";
import { spelled } from "./_echo_server.ts";
import { Sinks } from "./_sinks.ts";
import { hostSecret } from "./_world.ts";

/** What a hook's process says when it was given some environment. */
const ANSWERS: readonly ((told: string) => UserHookOutput)[] = [
  (told) => ({ code: 3, stdout: told, stderr: told }),
  (told) => ({ code: 0, stdout: `{"decision": ${told}` }),
  (told) => ({ code: 0, stdout: JSON.stringify({ told }) }),
  (told) => ({ code: 0, stdout: told.repeat(1_000) }),
  (told) => {
    throw new Error(told);
  },
];

for (const onError of ["allow", "warn", "block"]) {
  Deno.test(`a hook that fails, where a failure means ${onError}, does not tell its environment`, async () => {
    using _secret = hostSecret();
    using sinks = new Sinks();
    const place = { at: 0 };
    // A real child, which reports the environment it was given.
    const spawn: UserHookSpawn = async ({ env, signal }) => {
      const { stdout } = await new Deno.Command("deno", {
        args: ["eval", "-q", "--no-config", "console.log(JSON.stringify(Deno.env.toObject()))"],
        clearEnv: true,
        env: { ...env },
        signal,
      }).output();
      const told = JSON.parse(new TextDecoder().decode(stdout));
      assert.equal(told["TOKEN"], canary("hook_env"));
      return ANSWERS[place.at]!(spelled(Object.values(told)));
    };
    const hook = {
      event: "user_prompt_submit",
      command: "x",
      env: [`TOKEN=${canary("hook_env")}`],
      on_error: onError,
    };
    await using runtime = await new InProcessRuntimeBuilder()
      .llmSim(LlmSimConfig.echo())
      .capability(createUserHooks({ spawn }))
      .singleSession((session) =>
        session.harness("hooked", "You are watched.").withCapability({
          ref: "user_hooks",
          config: { hooks: [{ id: "told", timeout_ms: 20_000, ...hook }] },
        })
      )
      .build();
    for (place.at = 0; place.at < ANSWERS.length; place.at++) {
      sinks.addValue("turn", await runtime.runTextTurn(runtime.defaultSessionId, "hi"));
    }
    sinks.addValue("events", runtime.events());
    sinks.addValue("messages", await runtime.messages(runtime.defaultSessionId));
    if (onError === "block") assert.ok(sinks.has("events", "User hook"));
    sinks.assertClean();
  });
}
