/** What running code in a sandbox came to. */

import type { JsonValue } from "../records/json.ts";

/** Why a run gave no value. */
export type SandboxFailureReason = "threw" | "time" | "memory" | "output" | "crashed";

/** What running code in a sandbox came to; it never makes the host throw. */
export type SandboxOutcome =
  | {
    /** It returned. */
    readonly type: "done";
    /** What it returned, as JSON; `undefined` is null. */
    readonly value: JsonValue;
    /** What it wrote to the console. */
    readonly output: string;
  }
  | {
    /** It did not. */
    readonly type: "failed";
    /** It threw, passed a limit, or its process died of something else. */
    readonly reason: SandboxFailureReason;
    /** What happened, for the model; lines of the code are named where they are known. */
    readonly message: string;
    /** What it wrote to the console before. */
    readonly output: string;
  };
