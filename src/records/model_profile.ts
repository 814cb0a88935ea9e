/** What is known about models. */

/** What is known about a model by name. */
export interface ModelProfile {
  /** Tokens of prompt and reply together. */
  readonly contextWindow?: number;
  /** Most tokens of one reply. */
  readonly maxOutputTokens?: number;
  /** Effort values it takes; an empty list means it does not reason. */
  readonly reasoningEfforts?: readonly string[];
  /** Whether it accepts a temperature. */
  readonly temperature?: boolean;
  /** What the provider does itself when a request asks for it; what is absent the runtime does in its own way. */
  readonly native?: {
    /** Searches the tools that are marked `deferred`. */
    readonly toolSearch?: boolean;
    /** Compacts a conversation that has become too long (`compactAt` of a request). */
    readonly compaction?: boolean;
  };
  /** US dollars for a million tokens. */
  readonly price?: {
    /** Prompt tokens. */
    readonly input: number;
    /** Reply tokens. */
    readonly output: number;
    /** Prompt tokens read from the cache. */
    readonly cacheRead?: number;
    /** Prompt tokens written to the cache. */
    readonly cacheWrite?: number;
    /** What long prompts cost more, the whole call of them. */
    readonly longPrompt?: {
      /** Prompts of more tokens than this count as long. */
      readonly above: number;
      /** What prices of prompt tokens are multiplied by. */
      readonly input: number;
      /** What the price of reply tokens is multiplied by. */
      readonly output: number;
    };
  };
}
