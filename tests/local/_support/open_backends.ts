/** Runtimes over a data folder, each as a process of its own would have it. */

import { InProcessRuntimeBuilder } from "../../../src/runtime/builder.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { LlmSimConfig } from "../../../src/drivers/llmsim/config.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import { LocalBackends, type LocalBackendsOptions } from "../../../local/backends.ts";
import { LocalProfile } from "../../../local/profile.ts";

/** The session of {@linkcode openRuntime}. */
export const SESSION: SessionId = idFromSeed("session", 1);

/** Options of {@linkcode openRuntime}. */
export interface OpenOptions extends LocalBackendsOptions {
  /** The model. @default an echo */
  readonly model?: LlmSimConfig;
  /** What the host brings itself. @default nothing */
  readonly backends?: RuntimeBackends;
  /** Changes the builder. @default nothing */
  readonly configure?: (builder: InProcessRuntimeBuilder) => void;
  /** Capabilities of the session's harness. @default none */
  readonly capabilities?: readonly string[];
}

/** A runtime and the backends it runs on; disposing closes both. */
export interface OpenRuntime extends AsyncDisposable {
  readonly runtime: InProcessRuntime;
  readonly local: LocalBackends;
}

/** Opens a folder and builds a runtime over it. */
export async function openRuntime(folder: string, options: OpenOptions = {}): Promise<OpenRuntime> {
  const { model = LlmSimConfig.echo(), backends, configure, capabilities = [], ...rest } = options;
  const local = await LocalBackends.open(new LocalProfile(folder), backends ?? RuntimeBackends.inMemory(), rest);
  const builder = new InProcessRuntimeBuilder()
    .backends(local.runtimeBackends)
    .llmSim(model)
    .singleSession((session) => {
      session.harness("assistant", "You are helpful.").sessionId(SESSION);
      for (const id of capabilities) session.withCapability(id);
    });
  if (options.clock !== undefined) builder.clock(options.clock);
  configure?.(builder);
  const runtime = await builder.build();
  return {
    runtime,
    local,
    [Symbol.asyncDispose]: async () => {
      await runtime.close();
      await local.close();
    },
  };
}
