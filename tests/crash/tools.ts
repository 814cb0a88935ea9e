/** Tools of every effect that act on the outside world, the ledger. */

import { defineCapability } from "../../src/kit/define_capability.ts";
import { defineClientTool, defineTool, toolFailure } from "../../src/kit/define_tool.ts";
import type { Capability } from "../../src/ports/capability.ts";
import type { Tool, ToolContext } from "../../src/ports/tool.ts";
import type { ToolEffect } from "../../src/records/tool.ts";
import { tick } from "../src/_support/faults.ts";
import type { FaultPoints } from "./fault_points.ts";
import type { EffectFile } from "./ledger.ts";

/** What repeating each tool may do. */
export const EFFECTS: Readonly<Record<string, ToolEffect>> = {
  look: "pure",
  save: "idempotent",
  pay: "at_most_once",
  ship: "at_most_once",
  sign: "at_most_once",
  hang: "at_most_once",
};

/** The same for what runs beside turns, for tasks. */
export const RUN_EFFECTS: Readonly<Record<string, ToolEffect>> = {
  brew: "idempotent",
  forge: "at_most_once",
};

/** What the tools are made of. */
export interface ToolParts {
  /** Where the process may die. */
  readonly points: FaultPoints;
  /** The outside world. */
  readonly ledger: EffectFile;
  /** Told when the call that never ends by itself has begun. */
  readonly hanging: () => void;
}

/** The capability of every session here. */
export function crashTools({ points, ledger, hanging }: ToolParts): Capability {
  const act = (name: string, context: ToolContext): void => {
    points.pass("tool.before");
    ledger.add({ tool: name, callId: context.toolCallId, key: context.idempotencyKey });
    points.pass("tool.after");
  };
  const make = (name: string, more: (context: ToolContext) => Promise<unknown> = tick): Tool =>
    defineTool({
      name,
      description: name,
      effect: EFFECTS[name] ?? "at_most_once",
      execute: async (_, context) => {
        act(name, context);
        await more(context);
        return `${name} done`;
      },
    });
  const ship = defineTool({
    name: "ship",
    description: "ships",
    execute: async (_, context) => {
      // Late, so that its neighbours have their results stored before.
      for (let round = 0; round < 3; round++) await tick();
      act("ship", context);
      return "ship done";
    },
    reconcile: (key) => {
      points.pass("reconcile.before");
      const done = ledger.read().some((effect) => effect.key === key);
      points.pass("reconcile.after");
      return done ? "ship done" : toolFailure("it was not shipped");
    },
  });
  const hang = make("hang", async ({ signal }) => {
    // Whoever recovers the turn has nobody who would cancel it.
    if (points.phase === "recover") return;
    hanging();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  });
  const save = make("save", async ({ files, toolCallId }) => {
    await tick();
    await files.writeFile(`/workspace/${toolCallId}.txt`, `saved by ${toolCallId}`);
  });
  const sign = defineTool({
    name: "sign",
    description: "signs",
    policy: "requires_approval",
    execute: (_, context) => {
      act("sign", context);
      return "sign done";
    },
  });
  const runs = Object.entries(RUN_EFFECTS).map(([name, effect]) =>
    defineTool({
      name,
      description: name,
      effect,
      hints: { supportsBackground: true },
      execute: async (_, { idempotencyKey, output }) => {
        points.pass("tool.before");
        ledger.add({ tool: name, callId: idempotencyKey, key: idempotencyKey });
        points.pass("tool.after");
        output(`${name} goes on`);
        await tick();
        return `${name} done`;
      },
    })
  );
  return defineCapability({
    id: "crash_tools",
    name: "Crash tools",
    tools: [make("look"), make("pay"), save, ship, sign, hang, ...runs],
    clientTools: [defineClientTool({ name: "browse", description: "browses" })],
  });
}
