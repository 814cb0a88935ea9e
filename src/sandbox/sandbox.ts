/** Running code that nobody trusts: in a supervised child process, within limits. */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonValue } from "../records/json.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../kit/clock.ts";
import { MAX_ARGUMENTS_LENGTH } from "../kit/parse_arguments.ts";
import type { WorkerTask } from "./child/messages.ts";
import { work } from "./child/worker.ts";
import { type AnswerCall, converse } from "./conversation.ts";
import type { SandboxOutcome } from "./outcome.ts";
import { checkSandboxPermissions, toWorkerPermissions } from "./permissions.ts";
import { childArguments, SandboxUnavailableError, type SpawnSandbox, spawnSandbox } from "./process.ts";
import { Slots } from "./slots.ts";

/** Options of {@linkcode Sandbox}. */
export interface SandboxOptions {
  /**
   * The Deno to run: a name that is found in `PATH`, or an absolute path. The host needs `--allow-run` for exactly it.
   *
   * @default {"deno"}
   */
  readonly program?: string;
  /**
   * Child processes at once; more runs wait for one to end.
   *
   * @default {4}
   */
  readonly maxProcesses?: number;
  /**
   * Starts the child.
   *
   * @default {Deno.Command}
   */
  readonly spawn?: SpawnSandbox;
  /**
   * Measures the deadline of the host.
   *
   * @default the host's clock
   */
  readonly clock?: Clock;
}

/** Options of one run in a {@linkcode Sandbox}. */
export interface SandboxRunOptions {
  /**
   * What the code may do: `read`, `write` and `net`.
   *
   * @default nothing
   */
  readonly permissions?: PermissionNeeds;
  /**
   * Milliseconds the code may run; starting its process takes up to 10,000 more.
   *
   * @default {30000}
   */
  readonly timeoutMs?: number;
  /**
   * MiB its objects may take, 16 to 16,384; a process takes some 50 more for itself.
   *
   * @default {128}
   */
  readonly memoryMb?: number;
  /**
   * Characters of the returned value as JSON.
   *
   * @default {262144}
   */
  readonly maxResultCharacters?: number;
  /**
   * Characters of console output that are kept; more is dropped.
   *
   * @default {65536}
   */
  readonly maxLogCharacters?: number;
  /**
   * Names of the tools the code may call.
   *
   * @default none
   */
  readonly tools?: readonly string[];
  /** Answers calls of tools; what it throws is told to the code. */
  readonly callTool?: AnswerCall;
  /**
   * Calls of tools in one run.
   *
   * @default {1000}
   */
  readonly maxCalls?: number;
  /** Told about console output as it comes. */
  readonly onLog?: (text: string, stream: "stdout" | "stderr") => void;
  /** Kills the child. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
/** What the host grants for a free slot and the start of a process, beyond the time of the code itself. */
const START_MS = 10_000;
const MEMORY_MB = 128;
const MIB = 1024 * 1024;
/** What a worker takes before its code takes anything. */
const WORKER_MIB = 32;
const MAX_RESULT = 262_144;
const MAX_LOG = 65_536;
const MAX_CALLS = 1_000;
/** Lines of neither the console nor a call. */
const SPARE_LINES = 100;
/** Characters of all calls of a run together. */
const MAX_ALL_CALLS = 8 * MIB;

/**
 * Runs JavaScript and TypeScript that nobody trusts, such as code a model wrote.
 *
 * Each run is a `deno` process of its own, without any permission but the declared ones, with an empty environment,
 * that imports neither from a registry nor from the network. Within it the code runs in a worker, which another thread
 * watches over: time, memory and output. Code that spins, leaks, floods or hangs is killed, and the host only ever reads
 * lines. Not a boundary against a bug in the kernel or in V8; for that put it into a container or a virtual machine.
 *
 * **Permission:** `--allow-run=deno`, or the path of `program`. This grant is for the host itself: whoever may run
 * `deno` may run it with every permission. So never pass it on to tools that run in the host's process.
 *
 * @example
 * ```ts ignore
 * import { Sandbox } from "@everruns/runtime/sandbox";
 *
 * const sandbox = new Sandbox();
 * const outcome = await sandbox.runCode("return 6 * 7;");
 * if (outcome.type === "done") outcome.value; // 42
 * ```
 */
export class Sandbox {
  /** What the host needs for it. */
  readonly permissions: PermissionNeeds;
  readonly #program: string;
  readonly #spawn: SpawnSandbox;
  readonly #clock: Clock;
  readonly #slots: Slots;

  /**
   * Starts nothing yet.
   *
   * @throws {TypeError} when an option has the wrong shape
   * @throws {RangeError} when `maxProcesses` is not a positive whole number
   */
  constructor(options: SandboxOptions = {}) {
    const { program = "deno", maxProcesses = 4, spawn = spawnSandbox, clock = systemClock() } = options;
    if (typeof program !== "string" || program.trim() === "") {
      throw new TypeError("Cannot make a sandbox: `program` is not a name or a path");
    }
    checkWhole("maxProcesses", maxProcesses, 1, 1_000);
    this.#program = program;
    this.#spawn = spawn;
    this.#clock = clock;
    this.#slots = new Slots(maxProcesses);
    this.permissions = Object.freeze({ run: Object.freeze([program]) });
  }

  /**
   * Runs the body of an async function, in which `tools` and `console` are defined.
   *
   * TypeScript is accepted as well. What it returns is the value; a tool is called by `await tools.name(args)`.
   *
   * @throws {TypeError} when the code is not text or an option has the wrong shape
   * @throws {RangeError} when an option is out of range
   * @throws {SandboxUnavailableError} when the process cannot be started
   * @throws the signal's reason when it is aborted
   */
  async runCode(code: string, options: SandboxRunOptions = {}): Promise<SandboxOutcome> {
    if (typeof code !== "string") throw new TypeError("Cannot run code: it is not text");
    // On one line with the first of the code, so that its lines keep their numbers.
    const source = `export default async (tools, console) => {${code}\n};`;
    return await this.#run({ source, isCode: true, args: null }, undefined, options);
  }

  /**
   * Calls the default export of a module with arguments.
   *
   * The module is source text, or a `file:` or `data:` URL. A file may import files of its own folder and of those
   * below, also as JSON or text, by static imports; nothing else reads them unless its permissions say so.
   *
   * @throws {TypeError} when the module is neither, or an option has the wrong shape
   * @throws {RangeError} when an option is out of range
   * @throws {SandboxUnavailableError} when the process cannot be started
   * @throws the signal's reason when it is aborted
   */
  async runModule(module: string | URL, args: JsonValue, options: SandboxRunOptions = {}): Promise<SandboxOutcome> {
    checkModule(module, "the module");
    const task = { isCode: false, args };
    if (typeof module === "string") return await this.#run({ ...task, source: module }, undefined, options);
    return await this.#run(task, module, options);
  }

  async #run(
    what: Pick<WorkerTask, "source" | "isCode" | "args">,
    module: URL | undefined,
    options: SandboxRunOptions,
  ): Promise<SandboxOutcome> {
    const { timeoutMs = TIMEOUT_MS, memoryMb = MEMORY_MB, maxCalls = MAX_CALLS } = options;
    const { maxLogCharacters = MAX_LOG, maxResultCharacters = MAX_RESULT } = options;
    checkSandboxLimits({ timeoutMs, memoryMb });
    checkWhole("maxCalls", maxCalls, 0, 1_000_000);
    checkWhole("maxLogCharacters", maxLogCharacters, 0, 64 * MIB);
    checkWhole("maxResultCharacters", maxResultCharacters, 1, 64 * MIB);
    const permissions = checkSandboxPermissions(options.permissions ?? {}, "a run in a sandbox");
    const task: WorkerTask = { ...what, tools: options.tools ?? [], maxLogCharacters, maxResultCharacters };
    // JSON writes a character of the console as up to six.
    const maxCharacters = 6 * maxLogCharacters + maxResultCharacters + MAX_ALL_CALLS;
    const longestLine = Math.max(6 * maxLogCharacters, maxResultCharacters, MAX_ARGUMENTS_LENGTH) + 1_024;

    const deadline = new AbortController();
    const timer = this.#clock.setTimer(() => deadline.abort(), timeoutMs + START_MS);
    const signal = options.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, options.signal]);
    const tooLong = `The code was stopped: it ran longer than ${timeoutMs} ms`;
    try {
      using _slot = await this.#slots.take(signal);
      const child = this.#start(childArguments({
        permissions,
        memoryMb,
        ...(module?.protocol === "file:" ? { moduleFolder: dirname(fileURLToPath(module)) } : {}),
      }));
      const outcome = await converse(child, {
        job: {
          program: workerProgram(task, module),
          permissions: toWorkerPermissions(permissions),
          memoryBytes: (memoryMb + WORKER_MIB) * MIB,
          timeoutMs,
          maxCharacters,
        },
        answer: options.callTool ?? refuseCall,
        maxCalls,
        maxLogCharacters,
        onLog: options.onLog,
        // UTF-8 writes a character as up to three bytes.
        caps: {
          maxLineBytes: 3 * longestLine,
          maxBytes: 3 * maxCharacters,
          maxLines: maxLogCharacters + maxCalls + SPARE_LINES,
        },
        signal,
        limits: {
          time: tooLong,
          memory: `The code was stopped: it took more than ${memoryMb} MiB of memory`,
          output: "The code was stopped: it wrote too much",
        },
      });
      options.signal?.throwIfAborted();
      if (outcome.type === "failed" && outcome.reason === "crashed" && deadline.signal.aborted) {
        return { ...outcome, reason: "time", message: tooLong };
      }
      return outcome;
    } catch (error) {
      if (deadline.signal.aborted && error === deadline.signal.reason) {
        return { type: "failed", reason: "time", message: `${tooLong}, or waited for others to end`, output: "" };
      }
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #start(args: readonly string[]): ReturnType<SpawnSandbox> {
    try {
      return this.#spawn(this.#program, args);
    } catch (error) {
      throw new SandboxUnavailableError(this.#program, error);
    }
  }
}

/** The module that the worker runs; a `file:` URL must be a static import, which needs no grant of the worker's. */
function workerProgram(task: WorkerTask, module: URL | undefined): string {
  if (module === undefined) return `(${work})(self, ${JSON.stringify(task)});`;
  return `import * as imported from ${JSON.stringify(module.href)};(${work})(self, ${JSON.stringify(task)}, imported);`;
}

function refuseCall(): Promise<never> {
  return Promise.reject(new TypeError("no tool can be called from here"));
}

/**
 * Checks what is to run.
 *
 * @throws {TypeError} when it is neither source text nor a URL that can be loaded without the network
 */
export function checkModule(module: string | URL, what: string): void {
  if (typeof module === "string") return;
  if (!(module instanceof URL)) throw new TypeError(`Cannot use ${what}: it is neither source text nor a URL`);
  if (module.protocol === "data:") return;
  if (module.protocol !== "file:") {
    throw new TypeError(`Cannot use ${what}: a sandbox loads no "${module.protocol}" URL; give a file or source text`);
  }
  if (fileURLToPath(module).includes(",")) {
    throw new TypeError(`Cannot use ${what}: its path has a comma, and no flag can name it`);
  }
}

/**
 * Checks the limits of a run.
 *
 * @throws {TypeError} when one is no number
 * @throws {RangeError} when one is out of range
 */
export function checkSandboxLimits(limits: { readonly timeoutMs: number; readonly memoryMb: number }): void {
  checkWhole("timeoutMs", limits.timeoutMs, 1, 86_400_000);
  checkWhole("memoryMb", limits.memoryMb, 16, 16_384);
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (typeof value !== "number") throw new TypeError(`Cannot use a sandbox: \`${name}\` is not a number`);
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`Cannot use a sandbox: \`${name}\` is ${value}, not a whole number from ${least} to ${most}`);
}
