/** What the clients of the crashing processes do. Everything may be done again from its beginning. */

import { idFromSeed, type SessionId, type TaskId } from "../../src/records/ids.ts";
import { RuntimeError } from "../../src/errors.ts";
import { tell } from "./protocol.ts";
import { HARNESS, inputsOf, SESSION, type World } from "./world.ts";

/** One client program. */
export interface Scenario {
  /** The inputs that are in the history in the end, each once; by session, and of {@linkcode SESSION} by default. */
  readonly inputs: readonly string[];
  /** More sessions and their inputs. @default none */
  readonly others?: ReadonlyMap<SessionId, readonly string[]>;
  /** How turns may end. @default {["turn.completed"]} */
  readonly ends?: readonly string[];
  /** Capabilities of the session beside the tools. @default none */
  readonly capabilities?: readonly string[];
  /** Leaves out of an input what differs from run to run. @default it is as it is */
  readonly normalize?: (input: string) => string;
  /** Plays it; the second time it finds what the first one left. */
  play(world: World): Promise<void>;
}

const TASK: TaskId = idFromSeed("task", 1);
const CROWD: readonly SessionId[] = [2, 3, 4].map((seed) => idFromSeed("session", seed));
/** NUL, half of a surrogate pair, and characters of two and four bytes. */
const ODD = "odd \u0000 \ud800 é 😀";

/** All client programs by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  text: {
    inputs: ["hello", ODD, "bye"],
    play: async (world) => {
      await world.say("hello", { key: "text:hello" });
      await world.say(ODD);
      await world.say("bye", { key: ODD });
    },
  },
  batch: {
    inputs: ["do batch"],
    play: async (world) => void await world.say("do batch", { key: "batch" }),
  },
  chain: {
    inputs: ["do chain", "thanks"],
    play: async (world) => {
      await world.say("do chain");
      await world.say("thanks");
    },
  },
  steer: {
    inputs: ["do chain", "also this", "and that"],
    play: async (world) => {
      const handle = world.start("do chain", { key: "steer" });
      await handle.accepted;
      await Promise.all([
        world.steer(handle, "also this", "steer:this"),
        world.steer(handle, "and that", "steer:that"),
        handle.result,
      ]);
    },
  },
  wait: {
    inputs: ["do ask", "thanks"],
    play: async (world) => {
      await world.say("do ask", { key: "ask" });
      await answer(world, "browse");
      await answer(world, "sign");
      await world.say("thanks", { key: "ask:thanks" });
    },
  },
  keys: {
    inputs: ["do pair", "wake one", "wake two"],
    play: async (world) => {
      const turn = world.start("do pair", { key: "pair" });
      await Promise.all([
        turn.result,
        world.deliver("wake one", "wake:1"),
        world.deliver("wake one", "wake:1"),
        world.say("do pair", { key: "pair" }),
      ]);
      await world.deliver("wake two", "wake:2");
      await world.say("wake two", { key: "wake:2" });
    },
  },
  crowd: {
    inputs: ["do pair"],
    others: new Map(CROWD.map((id) => [id, ["do pair", "thanks"]])),
    play: async (world) => {
      const others = CROWD.map(async (sessionId) => {
        await addSession(world, sessionId);
        await world.say("do pair", { sessionId, key: "crowd" });
        await world.say("thanks", { sessionId });
      });
      await Promise.all([world.say("do pair", { key: "crowd" }), ...others]);
    },
  },
  cancel: {
    inputs: ["do hang", "thanks"],
    ends: ["turn.completed", "turn.cancelled"],
    play: async (world) => {
      await hangAndCancel(world);
      await world.say("thanks");
    },
  },
  dispose: {
    inputs: ["do hang"],
    ends: ["turn.completed", "turn.cancelled"],
    play: async (world) => {
      if (world.settle) return await hangAndCancel(world);
      const turn = world.start("do hang", { key: "hang" });
      await Promise.race([world.hanging, turn.result]);
    },
  },
  fail: {
    inputs: ["do fail", "thanks"],
    ends: ["turn.completed", "turn.failed"],
    play: async (world) => {
      await world.say("do fail", { key: "fail" });
      await world.say("thanks", { key: "fail:thanks" });
    },
  },
  task: {
    inputs: [`Background task "job" (${TASK}) has ended: succeeded.\nSummary: all good`],
    play: async (world) => {
      const { taskRegistry, wakes } = world.local;
      const task = { id: TASK, sessionId: SESSION, kind: "crash", displayName: "job", state: "running" } as const;
      await taskRegistry.create({ ...task, wakePolicy: "on_terminal" });
      tell({ type: "kept", name: TASK });
      await taskRegistry.update(SESSION, TASK, { state: "succeeded", summary: "all good" });
      await using _polling = wakes.start({ intervalMs: 5 });
      await world.awaits(SCENARIOS["task"]?.inputs[0] ?? "");
      while (wakes.pending().length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    },
  },
  background: {
    inputs: ["do spawn", "wake of brew", "wake of forge"],
    capabilities: ["background_execution"],
    normalize: wakeOf,
    play: async (world) => {
      const { taskRegistry, wakes } = world.local;
      await using _background = world.local.startBackground({
        schedules: false,
        tasks: { intervalMs: 5 },
        wakesIntervalMs: 5,
      });
      await world.say("do spawn", { key: "spawn" });
      for (const { id } of await taskRegistry.list(SESSION)) tell({ type: "kept", name: id });
      const heard = async (): Promise<number> => {
        const inputs = inputsOf(await world.runtime.messages(SESSION)).map(wakeOf);
        return inputs.filter((input) => input.startsWith("wake of ")).length;
      };
      while (await heard() < 2 || wakes.pending().length > 0 || await world.runtime.status(SESSION) !== "idle") {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  },
  schedule: {
    inputs: ["do pair"],
    play: async (world) => {
      const { scheduleStore } = world.local;
      if ((await scheduleStore.listSchedules(SESSION)).length === 0) {
        await scheduleStore.createSchedule({ sessionId: SESSION, description: "do pair", scheduledAt: Date.now() - 1 });
      }
      tell({ type: "kept", name: "do pair" });
      await using _background = world.local.startBackground({ schedules: { pollIntervalMs: 5 }, tasks: false });
      await world.awaits("do pair");
      tell({ type: "acked", sessionId: SESSION, text: "do pair" });
      while ((await scheduleStore.countActiveSchedules(SESSION)) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  },
};

/** The wake of a background run, whatever its id and however it ended. */
function wakeOf(input: string): string {
  return input.replace(/^Background task "(\w+)" \(task_\w+\) has ended: (succeeded|failed)\.[^]*$/, "wake of $1");
}

/** Answers one call of the waiting turn, if it still waits for it. */
async function answer(world: World, tool: "browse" | "sign"): Promise<void> {
  const { runtime } = world;
  if (await runtime.status(SESSION) !== "waiting_for_tool_results") return;
  const { waitingFor } = await runtime.startTurn(SESSION, "do ask", { idempotencyKey: "ask" }).result;
  const call = waitingFor.find(({ name }) => name === tool);
  if (call === undefined) return;
  await runtime.resumeTurn(
    SESSION,
    tool === "browse"
      ? { toolResults: [{ toolCallId: call.id, result: "a page" }] }
      : { decisions: [{ toolCallId: call.id, approved: true }] },
  );
  tell({ type: "answered", sessionId: SESSION, callId: call.id });
}

async function hangAndCancel(world: World): Promise<void> {
  const turn = world.start("do hang", { key: "hang" });
  await Promise.race([world.hanging, turn.result]);
  turn.cancel("enough");
  await turn.result;
}

async function addSession(world: World, id: SessionId): Promise<void> {
  try {
    await world.runtime.createSession({ id, harnessId: HARNESS, capabilities: ["crash_tools"] });
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== "session_exists") throw error;
  }
}
