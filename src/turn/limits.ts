/** Deadlines and caps of a turn. */

/** How a failed model call is tried again. */
export interface ProviderRetryConfig {
  /** Tries after the first. @default {2} */
  readonly maxRetries: number;
  /** First wait, in milliseconds. @default {1000} */
  readonly initialBackoffMs: number;
  /** Longest wait, in milliseconds; also the longest wait a provider may ask for. @default {60000} */
  readonly maxBackoffMs: number;
  /** Growth of the wait. @default {2} */
  readonly multiplier: number;
  /** Share by which a wait may be shorter or longer. @default {0.25} */
  readonly jitter: number;
  /** Longest time for all tries and waits of one model call, in milliseconds. @default no limit of its own */
  readonly maxElapsedMs?: number;
}

/** Deadlines in milliseconds, caps in pieces, characters or bytes. */
export interface TurnLimits {
  /** Longest silence of a model stream, also before its first event. @default {120000} */
  readonly providerStallMs: number;
  /** Longest model stream. @default {1800000} */
  readonly providerTotalMs: number;
  /** Longest hook or prompt function. @default {30000} */
  readonly hookMs: number;
  /** Longest wait for an answer of a host's store. @default {30000} */
  readonly storeMs: number;
  /** Longest tool run when the tool says nothing. @default {120000} */
  readonly toolMs: number;
  /** Tool calls that run at the same time. @default {32} */
  readonly toolConcurrency: number;
  /** Calls of one reply that are executed; the rest get an error result. @default {256} */
  readonly maxCallsPerReply: number;
  /** Characters of one reply, thinking and arguments included. @default {16777216} */
  readonly maxReplyCharacters: number;
  /** Events of one model stream. @default {1000000} */
  readonly maxStreamEvents: number;
  /** Bytes of one tool result; the rest is cut. @default {65536} */
  readonly maxToolResultBytes: number;
  /** Turns and inputs that may wait in one session. @default {64} */
  readonly maxQueue: number;
  /** Memory for cached histories of idle sessions, in bytes. @default {67108864} */
  readonly maxIdleCacheBytes: number;
}
