/**
 * What every golden store holds, and a runtime over one.
 *
 * Files of released versions are never made again, so nothing here may change: only add, and ask of older files no more
 * than they hold.
 *
 * @module
 */

import { idFromSeed, type TaskId } from "../../../src/records/ids.ts";
import type { Agent, Harness } from "../../../src/records/harness.ts";
import type { Session } from "../../../src/records/session.ts";
import type { LlmSimConfig } from "../../../src/drivers/llmsim/config.ts";
import type { Capability } from "../../../src/ports/capability.ts";
import type { NewTask } from "../../../src/ports/task_registry.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { defineTool } from "../../../src/kit/define_tool.ts";
import { agentFixture, harnessFixture, sessionFixture } from "../../../src/testing/conformance/record_fixtures.ts";
import { InProcessRuntimeBuilder } from "../../../src/runtime/builder.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { LocalBackends } from "../../../local/backends.ts";
import { LocalProfile } from "../../../local/profile.ts";

/** The key of the secrets. */
export const SECRET_KEY: Uint8Array<ArrayBuffer> = new Uint8Array(32).fill(7);
/** Text that stores tend to damage. */
export const ODD_TEXT = "a\0b \ud800 \udc00 \u{1F600} \u2028\r\n\"'\\";
/** When the recurring schedule and the one-shot fire first: far away, whatever the host's clock says. */
export const LATER: number = Date.UTC(2100, 0, 1);

/** A session whose turns have ended. */
export const ENDED: Session = sessionFixture(1, {
  harnessId: idFromSeed("harness", 2),
  agentId: idFromSeed("agent", 1),
  title: ODD_TEXT,
  goal: "finish",
  capabilities: [{ ref: "effects" }],
});
/** A session whose turn was left open between the mark of a call and its result. */
export const INTERRUPTED: Session = sessionFixture(2, { ...sameHarness(), tools: [] });
/** A session whose turn waits for its client. */
export const WAITING: Session = sessionFixture(3, {
  ...sameHarness(),
  tools: [{ type: "client_side", name: "ask", description: "Asks.", parameters: { type: "object", properties: {} } }],
});

/** The harnesses, root first. */
export const HARNESSES: readonly Harness[] = [
  harnessFixture(1, { capabilities: [], initialFiles: [] }),
  harnessFixture(2, {
    parentHarnessId: idFromSeed("harness", 1),
    systemPrompt: ODD_TEXT,
    capabilities: [{ ref: "session_file_system" }],
    initialFiles: [],
  }),
];
/** The agent. */
export const AGENT: Agent = agentFixture(1, { capabilities: [], tools: [], systemPrompt: ODD_TEXT });

/** A task and its thread. */
export const TASK: NewTask & { readonly id: TaskId } = {
  sessionId: ENDED.id,
  id: idFromSeed("task", 1),
  kind: ODD_TEXT,
  displayName: "Build",
  spec: { text: ODD_TEXT },
  wakePolicy: "on_terminal",
};

/** A runtime over a data folder, and its backends. */
export interface OpenWorld extends AsyncDisposable {
  readonly runtime: InProcessRuntime;
  readonly local: LocalBackends;
}

/** Opens a folder; `seed` adds the records. */
export async function openWorld(
  folder: string,
  model: LlmSimConfig,
  options: { readonly effects: Capability; readonly seed?: boolean },
): Promise<OpenWorld> {
  const local = await LocalBackends.open(new LocalProfile(folder), RuntimeBackends.inMemory(), {
    secretKey: SECRET_KEY,
  });
  const builder = new InProcessRuntimeBuilder().backends(local.runtimeBackends).llmSim(model)
    .capability(options.effects);
  if (options.seed === true) {
    for (const harness of HARNESSES) builder.harness(harness);
    builder.agent(AGENT);
    for (const session of [ENDED, INTERRUPTED, WAITING]) builder.session(session);
  }
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

/** The capability `effects` with the one tool `send_mail`. */
export function effectsOf(execute: (signal: AbortSignal) => unknown): Capability {
  return defineCapability({
    id: "effects",
    name: "Effects",
    tools: [defineTool({
      name: "send_mail",
      description: "Sends a mail",
      parameters: { type: "object" },
      execute: async (_, { signal }) => await execute(signal) as string,
    })],
  });
}

function sameHarness(): Partial<Session> {
  return { harnessId: idFromSeed("harness", 2), capabilities: [{ ref: "effects" }] };
}
