/** Running real commands, and looking for processes afterwards. */

import assert from "node:assert/strict";
import { type BashOptions, createBash } from "../../src/capabilities/bash/mod.ts";
import {
  type CommandHost,
  type CommandRequest,
  type CommandRun,
  runCommand,
} from "../../src/capabilities/bash/run_command.ts";
import { startBash } from "../../src/capabilities/bash/start_bash.ts";
import { systemClock } from "../../src/kit/clock.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { JsonObject } from "../../src/records/json.ts";
import { call, toolContext, toolOf } from "../src/capabilities/_tool_context.ts";

/** Runs a command below the capability. */
export function run(
  command: string,
  options: Partial<CommandRequest> = {},
  host: Partial<CommandHost> = {},
): Promise<CommandRun> {
  return runCommand({ spawn: startBash, clock: systemClock(), ...host }, {
    shell: "bash",
    command,
    cwd: "/",
    env: {},
    login: false,
    stdin: undefined,
    timeoutMs: 60_000,
    maxOutputBytes: 1024 * 1024,
    signal: new AbortController().signal,
    ...options,
  });
}

/** Calls the tool. */
export async function bash(args: JsonObject, options: Partial<BashOptions> = {}): Promise<JsonObject> {
  return await call(toolOf(createBash({ cwd: "/", ...options }), "bash"), args, toolContext());
}

/** The deadline of one command, which passes when a test says so; all other time is real. */
export class HeldDeadline {
  /** A deadline in milliseconds that no other wait has. */
  static readonly MS = 54_321;
  /** The clock. */
  readonly clock: Clock;
  /** Resolves when nothing waits for the deadline any more: the command is over. */
  readonly over: Promise<void>;
  #fire: () => void = () => {};

  /** Holds every wait of so many milliseconds. */
  constructor(held: number = HeldDeadline.MS) {
    const real = systemClock();
    const over = Promise.withResolvers<void>();
    this.over = over.promise;
    this.clock = {
      ...real,
      setTimer: (callback, milliseconds) => {
        if (milliseconds !== held) return real.setTimer(callback, milliseconds);
        this.#fire = callback;
        return { cancel: over.resolve };
      },
    };
  }

  /** Lets the deadline pass. */
  pass(): void {
    this.#fire();
  }
}

/** Runs a command and does something when it has printed its first line. */
export async function runUntilLine(
  command: string,
  onLine: (line: string) => void,
  options: Partial<CommandRequest> = {},
  host: Partial<CommandHost> = {},
): Promise<CommandRun> {
  let text = "";
  return await run(command, {
    ...options,
    onOutput: (piece) => {
      const before = text;
      text += piece;
      if (!before.includes("\n") && text.includes("\n")) onLine(text.slice(0, text.indexOf("\n")));
    },
  }, host);
}

/** Looks at a process until it is gone, or dead and not yet asked for its status; the longest wait is 30 seconds. */
const AWAIT_DEATH = `
for ((i = 0; i < 600; i++)); do
  kill -0 "$0" 2>/dev/null || exit 0
  { read -r stat < "/proc/$0/stat"; } 2>/dev/null && [[ $stat == *") Z "* ]] && exit 0
  sleep 0.05
done
exit 1`;

/** Fails unless the process is dead. */
export async function assertDead(pid: string): Promise<void> {
  assert.match(pid, /^\d+$/);
  const { code } = await new Deno.Command("bash", { args: ["-c", AWAIT_DEATH, pid], stdin: "null" }).output();
  assert.equal(code, 0, `process ${pid} is alive`);
}
