/** One run of a tool in the background, from its start to the end of its task. */

import { messageOf, NotFoundError, RuntimeError, ToolError } from "../../errors.ts";
import type { SessionTask } from "../../records/task.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SessionFiles } from "../../ports/file_store.ts";
import type { SessionHost } from "../../ports/session_host.ts";
import type { SessionTaskRegistry, TaskUpdate } from "../../ports/task_registry.ts";
import type { ToolOutcome } from "../../ports/tool.ts";
import { sleep } from "../../kit/clock.ts";
import { copyForeign } from "../../kit/parse_arguments.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { toldToModel } from "../../kit/told_to_model.ts";
import type { BackgroundCall } from "./background_call.ts";
import { beginningOf } from "./cut_text.ts";
import { OutputLog } from "./output_log.ts";
import { resultText, type RunEnding, runPaths, settlement, succeededWith } from "./run_record.ts";

/** How often the task is looked at, and what is new is written. */
const POLL_MS = 2_000;
/** Conditions of a store that pass, and how often they are waited for. */
const PASSING: ReadonlySet<string> = new Set(["store_busy"]);
const MAX_TRIES = 10;
const MAX_DETAIL = 200;

/** What a {@linkcode BackgroundRun} works with. */
export interface BackgroundRunOptions {
  /** Keeps the task. */
  readonly registry: SessionTaskRegistry;
  /** Runs the tool. */
  readonly host: SessionHost;
  /** Measures waits. */
  readonly clock: Clock;
  /** Longest run, in milliseconds. */
  readonly limitMs: number;
  /** Held while the tool runs. */
  readonly permit: Disposable;
}

/** Why a run is left: its task belongs to somebody else now, or the runtime is closed. */
type Left = "left";

/**
 * Runs the tool of a task, writes what it prints and what it came to, and ends the task.
 *
 * Every change of the task is fenced by its attempt. When the task was taken over, or the runtime is closed, the run
 * stops without a word: what becomes of the task is for whoever goes on with it.
 */
export class BackgroundRun {
  /** The task as it was when the run began. */
  readonly task: SessionTask;
  readonly #call: BackgroundCall;
  readonly #options: BackgroundRunOptions;
  readonly #log: OutputLog;
  readonly #files: Promise<SessionFiles>;
  readonly #stop = new AbortController();
  readonly #stopped = Promise.withResolvers<RunEnding | Left>();
  #detail: string | undefined;
  #done: Promise<void> | undefined;

  /** Prepares a run. */
  constructor(task: SessionTask, call: BackgroundCall, options: BackgroundRunOptions) {
    this.task = task;
    this.#call = call;
    this.#options = options;
    this.#files = Promise.try(() => options.host.files(task.sessionId));
    this.#files.catch(() => {});
    this.#log = new OutputLog(this.#files, runPaths(task.id).output);
    if (task.attempt > 1) this.#log.note(`[attempt ${task.attempt}: the tool is run again]`);
  }

  /** Runs the tool, once; resolves when the task is settled or left, and never rejects. */
  run(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  /** Stops the tool and settles the task as canceled. */
  cancel(): void {
    this.#end({ state: "canceled" }, "the run was cancelled");
  }

  /** Stops the tool and leaves the task alone. */
  leave(): void {
    this.#end("left", "the run belongs to somebody else now");
  }

  async #run(): Promise<void> {
    try {
      using _ = this.#options.permit;
      const ending = await this.#work();
      if (ending === "left") return;
      this.#options.permit[Symbol.dispose]();
      await this.#finish(ending);
    } catch {
      // The store is closed or cannot be reached: the task stays as it is, for whoever goes on with it.
    }
  }

  async #work(): Promise<RunEnding | Left> {
    if (this.task.cancelRequestedAt !== undefined) this.cancel();
    const over = new AbortController();
    try {
      void this.#log.flush();
      void this.#watch(over.signal);
      return await Promise.race([this.#stopped.promise, this.#perform()]);
    } finally {
      over.abort();
    }
  }

  /** Runs the tool; one that ignores being stopped is no longer waited for. */
  async #perform(): Promise<RunEnding | Left> {
    const { tool, arguments: args } = this.#call;
    try {
      this.#stop.signal.throwIfAborted();
      return toEnding(
        tool,
        await this.#options.host.runTool(this.task.sessionId, {
          name: tool,
          // What is stored is frozen, and a tool may change what it is given.
          arguments: copyForeign(args),
          idempotencyKey: this.task.id,
          signal: this.#stop.signal,
          output: (delta) => this.#log.append(String(delta)),
          progress: (message) => {
            this.#detail = beginningOf(String(message), MAX_DETAIL);
          },
        }),
      );
    } catch (error) {
      if (this.#stop.signal.aborted) return await this.#stopped.promise;
      return isRuntimeClosed(error) ? "left" : { state: "failed", kind: "error", message: failureText(tool, error) };
    }
  }

  /** Looks at the task now and then: somebody may have cancelled it or taken it over, also in another process. */
  async #watch(over: AbortSignal): Promise<void> {
    const { clock, limitMs } = this.#options;
    const startedAt = clock.monotonic();
    try {
      for (;;) {
        await sleep(clock, POLL_MS, over);
        void this.#log.flush();
        if (clock.monotonic() - startedAt >= limitMs) {
          const message = `The tool did not end within ${limitMs} ms and was stopped`;
          this.#end({ state: "failed", kind: "timeout", message }, message);
        }
        await this.#look();
      }
    } catch {
      // The tool has ended.
    }
  }

  async #look(): Promise<void> {
    try {
      const now = await this.#tellProgress();
      if (!this.#isOurs(now)) this.leave();
      else if (now.cancelRequestedAt !== undefined) this.cancel();
    } catch (error) {
      if (isRuntimeClosed(error)) this.leave();
      // Anything else may be over at the next look.
    }
  }

  /** The task as it is now, with the newest progress. */
  async #tellProgress(): Promise<SessionTask | undefined> {
    const { registry } = this.#options;
    const { id, sessionId, attempt } = this.task;
    const stateDetail = this.#detail;
    if (stateDetail === undefined) return await registry.get(sessionId, id);
    this.#detail = undefined;
    return await registry.update(sessionId, id, { expectedAttempt: attempt, stateDetail });
  }

  async #finish(ending: RunEnding): Promise<void> {
    const { registry } = this.#options;
    const { id, sessionId } = this.task;
    const now = await this.#patiently(() => registry.get(sessionId, id));
    // A run that was superseded must not write over the files of the one that goes on.
    if (!this.#isOurs(now)) return;
    if (ending.state === "canceled") this.#log.note("[canceled]");
    if (ending.state === "failed" && ending.kind === "timeout") this.#log.note(`[${ending.message}]`);
    await this.#log.flush();
    const files = await this.#writeResult(ending);
    await this.#patiently(() =>
      registry.update(sessionId, id, {
        expectedAttempt: this.task.attempt,
        ...settlement(ending, this.#log.tail.toWellFormed()),
        ...files,
      })
    );
  }

  /** Writes the result; the members of the task that tell where it and the log are. */
  async #writeResult(ending: RunEnding): Promise<TaskUpdate> {
    const { id } = this.task;
    const { output, result } = runPaths(id);
    const log = this.#log.isWritten ? [{ name: "output.log", type: "text/plain", path: output }] : [];
    try {
      await (await this.#files).writeFile(result, resultText(id, this.#call.tool, ending));
    } catch (error) {
      const reason = beginningOf(toldToModel(error), MAX_DETAIL);
      return { artifacts: log, stateDetail: `result.json could not be written: ${reason}` };
    }
    return { resultPath: result, artifacts: [...log, { name: "result.json", type: "application/json", path: result }] };
  }

  /** Tries again while the store is only busy. */
  async #patiently<T>(call: () => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await call();
      } catch (error) {
        const passes = error instanceof RuntimeError && PASSING.has(error.code);
        if (!passes || tries >= MAX_TRIES) throw error;
      }
      await sleep(this.#options.clock, POLL_MS);
    }
  }

  #isOurs(now: SessionTask | undefined): now is SessionTask {
    return now !== undefined && now.attempt === this.task.attempt && !isFinalState(now.state);
  }

  #end(ending: RunEnding | Left, reason: string): void {
    this.#stopped.resolve(ending);
    this.#stop.abort(new ToolError(`Stopped: ${reason}`));
  }
}

function toEnding(tool: string, outcome: ToolOutcome): RunEnding {
  switch (outcome.type) {
    case "success":
      return succeededWith(outcome.value, outcome.images?.length ?? 0);
    case "error":
      return { state: "failed", kind: "error", message: String(outcome.message) };
    case "connection_required": {
      const where = outcome.setupUrl === undefined ? "" : ` at ${outcome.setupUrl}`;
      const message = `The user has to connect ${outcome.provider} first${where}`;
      return { state: "failed", kind: "connection_required", message };
    }
    default:
      // A tool of the host may return what is no outcome.
      return { state: "failed", kind: "error", message: internalError(tool) };
  }
}

/** Words for the model; what an unexpected error says may hold secrets or paths. */
function failureText(tool: string, error: unknown): string {
  if (error instanceof ToolError || error instanceof NotFoundError) return messageOf(error);
  return internalError(tool);
}

function internalError(tool: string): string {
  return `Tool "${tool}" failed with an internal error`;
}

function isRuntimeClosed(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === "runtime_closed";
}
