/** Runtimes over a real data folder, whose every output is collected. */

import { InProcessRuntimeBuilder } from "../../src/runtime/builder.ts";
import type { InProcessRuntime } from "../../src/runtime/in_process_runtime.ts";
import type { SingleSessionBuilder } from "../../src/runtime/single_session.ts";
import type { Capability } from "../../src/ports/capability.ts";
import type { InputMessage } from "../../src/records/message.ts";
import type { TurnOptions } from "../../src/turn/kernel.ts";
import type { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { LocalBackends } from "../../local/backends.ts";
import { LocalProfile } from "../../local/profile.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { canary } from "./_canaries.ts";
import { Sinks } from "./_sinks.ts";

/** Options of {@linkcode inWorld}. */
export interface WorldOptions {
  /** Simulates the model. @default none: `configure` brings one */
  readonly model?: LlmSimConfig;
  /** Capabilities beside the built-in ones. @default none */
  readonly capabilities?: readonly Capability[];
  /** Says more about the session. @default nothing */
  readonly session?: (session: SingleSessionBuilder) => void;
  /** Says more about the runtime. @default nothing */
  readonly configure?: (builder: InProcessRuntimeBuilder) => void;
}

/** A runtime whose outputs are collected. */
export interface World {
  readonly sinks: Sinks;
  readonly runtime: InProcessRuntime;
  readonly local: LocalBackends;
  /** Runs a turn; what it returns or throws is collected. */
  turn(input?: string | InputMessage, options?: TurnOptions): Promise<void>;
  /** Does something for the host; what it returns or throws is collected. */
  attempt(action: string, act: () => unknown): Promise<void>;
}

/** What the user says, and must be found wherever the conversation is. */
export const SHOWN = "visible-to-all-7f3a91c2";

/** The key of the data folder's secrets: 32 bytes that are a canary's. */
export function storeKey(): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canary("store_key").padEnd(32, "=")).slice(0, 32);
}

/** Has a secret in the environment of the host while it lives. Needs `--allow-env=CANARY_OF_HOST`. */
export function hostSecret(): Disposable {
  Deno.env.set("CANARY_OF_HOST", canary("host_env"));
  return { [Symbol.dispose]: () => Deno.env.delete("CANARY_OF_HOST") };
}

/**
 * Runs something on a runtime over SQLite, closes everything and gives all that came out, files included.
 *
 * Everything of the runtime is looked at before it closes, and every file after that.
 */
export async function inWorld(options: WorldOptions, use: (world: World) => Promise<void>): Promise<Sinks> {
  const sinks = new Sinks();
  using _listening = sinks;
  using folder = tempFolder();
  {
    await using local = await LocalBackends.open(new LocalProfile(folder.path), undefined, { secretKey: storeKey() });
    const builder = new InProcessRuntimeBuilder()
      .backends(local.runtimeBackends)
      .providerRetryConfig({ maxRetries: 1, initialBackoffMs: 1, maxBackoffMs: 1 })
      .singleSession((session) => {
        session.harness("canary", "You are watched.")
          .withCapability({ ref: "error_disclosure", config: { mode: "detailed" } });
        options.session?.(session);
      });
    if (options.model !== undefined) builder.llmSim(options.model);
    for (const capability of options.capabilities ?? []) builder.capability(capability);
    options.configure?.(builder);
    await using runtime = await builder.build();
    const stop = new AbortController();
    const listening = listen(runtime, sinks, stop.signal);
    const attempt = async (action: string, act: () => unknown): Promise<void> => {
      try {
        sinks.addValue(action, await act());
      } catch (error) {
        sinks.addError(action, error);
      }
    };
    await use({
      sinks,
      runtime,
      local,
      attempt,
      turn: (input = SHOWN, turnOptions) =>
        attempt("turn", () => runtime.runTurn(runtime.defaultSessionId, input, turnOptions)),
    });
    await sinks.addRuntime(runtime);
    stop.abort();
    await listening;
  }
  sinks.addFolder(folder.path);
  return sinks;
}

/** Every event of the session as a subscriber gets it, those that are never stored included. */
async function listen(runtime: InProcessRuntime, sinks: Sinks, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of runtime.subscribe(runtime.defaultSessionId, { signal })) {
      sinks.add("subscriber", JSON.stringify(event));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
