/** What runs around the code in the worker: its console, its tools, its result. */

import type { JsonValue } from "../../records/json.ts";
import type { CallAnswer, ChildMessage, WorkerTask } from "./messages.ts";

/** The part of a worker's global object that is used. */
export interface WorkerScope {
  /** Says something to the supervisor. */
  postMessage(message: string): void;
  /** Called with what the supervisor says. */
  onmessage: ((event: { readonly data: string }) => void) | null;
  /** Ends the worker. */
  close: () => void;
  /** The console. */
  console: object;
  /** Deno's own functions. */
  readonly Deno: { exit: (code?: number) => never; inspect(value: unknown, options: object): string };
}

/**
 * Runs a task: calls the default export of its module and says what became of it.
 *
 * The child gets the source text of this function, so it may use nothing but its arguments and what Deno offers. None
 * of it is a boundary: hostile code can undo all of it, and gains nothing by that.
 */
export async function work(
  scope: WorkerScope,
  task: WorkerTask,
  imported?: { readonly default?: unknown },
): Promise<void> {
  const post = scope.postMessage.bind(scope);
  const inspect = scope.Deno.inspect;
  const say = (message: ChildMessage): void => post(JSON.stringify(message));
  // An exit would end the worker without a word to anybody, and the call would wait for its deadline.
  scope.close = scope.Deno.exit = (): never => {
    throw new Error("Code in a sandbox cannot exit; return instead");
  };

  let room = task.maxLogCharacters;
  function log(stream: "stdout" | "stderr", values: readonly unknown[]): void {
    if (room <= 0) return;
    const text = values.map((value) => typeof value === "string" ? value : inspect(value, { depth: 4 })).join(" ");
    say({ type: "log", stream, text: text.length < room ? text : `${text.slice(0, room)} [more output was dropped]` });
    room -= text.length + 1;
  }
  const captured: Record<string, (...values: unknown[]) => void> = {};
  for (const name of ["log", "info", "debug", "dir", "table", "trace"]) {
    captured[name] = (...values) => log("stdout", values);
  }
  for (const name of ["warn", "error"]) captured[name] = (...values) => log("stderr", values);
  for (
    const name of ["assert", "clear", "count", "group", "groupCollapsed", "groupEnd", "time", "timeEnd", "timeLog"]
  ) {
    captured[name] = () => {};
  }
  scope.console = captured;

  const waiting = new Map<number, { resolve(value: JsonValue): void; reject(error: Error): void; name: string }>();
  scope.onmessage = ({ data }): void => {
    const answer: CallAnswer = JSON.parse(data);
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) call?.resolve(answer.value);
    else call?.reject(Object.assign(new Error(answer.error), { name: "ToolError" }));
  };
  let calls = 0;
  const own: Record<string, (args?: JsonValue) => Promise<JsonValue>> = Object.create(null);
  for (const name of task.tools) {
    own[name] = (args = {}) =>
      new Promise((resolve, reject) => {
        const id = ++calls;
        const line = JSON.stringify({ type: "call", id, name, args });
        waiting.set(id, { resolve, reject, name });
        post(line);
      });
  }
  const tools = new Proxy(own, {
    get(target, name): unknown {
      if (typeof name === "symbol" || name === "then" || name in target) return Reflect.get(target, name);
      throw new TypeError(`There is no tool "${name}" here; there are: ${Object.keys(target).join(", ") || "none"}`);
    },
  });

  let url = "";
  try {
    let module = imported;
    if (task.source !== undefined) {
      url = URL.createObjectURL(new Blob([task.source], { type: "application/typescript" }));
      module = await import(url);
    }
    const run = module?.default;
    if (typeof run !== "function") throw new TypeError("The module has no function as its default export");
    const value: unknown = await (task.isCode ? run(tools, captured) : run(task.args));
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined && text.length > task.maxResultCharacters) {
      const most = task.maxResultCharacters;
      throw new RangeError(`The returned value is ${text.length} characters of JSON and at most ${most} are accepted`);
    }
    post(`{"type":"done","value":${text ?? "null"}}`);
  } catch (thrown) {
    say({ type: "failed", message: describe(thrown) });
  }

  function describe(thrown: unknown): string {
    if (!(thrown instanceof Error)) return `The code threw ${inspect(thrown, { depth: 2 })}`.slice(0, 4_000);
    const shown = (text: string): string => url === "" ? text : text.replaceAll(url, "code");
    const places = shown(String(thrown.stack)).split("\n").filter((line) => /^ +at .*\bcode:\d+:\d+/.test(line));
    const head = shown(`${thrown.name}: ${thrown.message}`).slice(0, 3_000);
    // A syntax error names its place in its message.
    return head.includes("at code:") ? head : [head, ...places.slice(0, 5)].join("\n");
  }
}
