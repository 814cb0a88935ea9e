/**
 * Local backends: sessions, conversation, files, tasks and schedules that survive, in one data folder.
 *
 * Everything lives in one SQLite database (Deno's own `node:sqlite`) that several processes may share. A turn that a
 * crash interrupted goes on, by rules that never repeat an effect that must not be repeated.
 *
 * **Permissions**: importing it needs none. Opening a data folder needs `--allow-read=<dataDir>` and
 * `--allow-write=<dataDir>`, a real-disk workspace the same for its folder, and nothing else: no net, no env, no run,
 * no ffi. A missing grant is a `PermissionMissingError` that names the flag, before anything is opened.
 * `new LocalProfile(dataDir).requiredPermissions().toFlags()` lists them.
 *
 * @example A conversation that goes on when the program runs again
 * ```ts ignore
 * import { LlmSimConfig } from "@everruns/runtime";
 * import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
 *
 * await using runtime = await new LocalRuntimeBuilder(new LocalProfile("/home/me/agent-data"))
 *   .llmSim(LlmSimConfig.echo())
 *   .singleSession((s) => s.harness("assistant").sessionId("session_00000000000000000000000000000001"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "hello again");
 * console.log((await runtime.messages(runtime.defaultSessionId)).length);
 * ```
 *
 * @module
 */
