/** Runtimes on played models with one capability of the safety group. */

import {
  type Capability,
  type Clock,
  defineTool,
  type InProcessRuntime,
  type JsonObject,
  type Tool,
} from "../../../mod.ts";
import { type Played, PlayedDriver } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { simRuntime } from "../_support/runtime.ts";

/** A runtime and the model it asks. */
export interface Guarded extends AsyncDisposable {
  /** The runtime. */
  readonly runtime: InProcessRuntime;
  /** Its model. */
  readonly driver: PlayedDriver;
}

/** A tool of a name that answers what it is told to, again and again the last of it; `Error`s become error results. */
export function answering(name: string, ...answers: readonly (string | Error)[]): Tool {
  let calls = 0;
  return defineTool({
    name,
    description: "",
    parameters: { type: "object" },
    effect: "pure",
    execute: () => {
      const answer = answers[calls++] ?? answers.at(-1) ?? "ok";
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
}

/** A runtime whose session has the capability. */
export async function guardedRuntime(
  plays: readonly Played[],
  capability: Capability,
  options: { readonly config?: JsonObject; readonly tools?: readonly Tool[]; readonly clock?: Clock } = {},
): Promise<Guarded> {
  const driver = new PlayedDriver(...plays);
  const { config = {}, tools = [], clock } = options;
  const runtime = await simRuntime("unused", {
    tools,
    ...(clock === undefined ? {} : { clock }),
    registered: [{ ...capability, id: `tested:${capability.id}` }],
    session: (single) => single.withCapability({ ref: `tested:${capability.id}`, config }),
    configure: useDriver(driver.descriptor),
  });
  return { runtime, driver, [Symbol.asyncDispose]: () => runtime.close() };
}
