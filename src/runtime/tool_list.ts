/** The remembered tools of one server. */

import type { Tool } from "../ports/tool.ts";
import type { Clock } from "../ports/clock.ts";

/** How long a list is fresh, in milliseconds. */
const FRESH_MS = 3_600_000;
/** Longer lists, and larger ones as characters of JSON, are used but not remembered. */
const MAX_TOOLS = 256;
const MAX_CHARACTERS = 1024 * 1024;

/** A list as a server gave it. */
export interface FetchedTools {
  /** The tools. */
  readonly tools: readonly Tool[];
  /** The server's revision when it was asked. */
  readonly revision: number;
}

/**
 * Remembers a list for an hour; an older one is served while a new one is fetched in the background.
 *
 * Whoever asks while a list is fetched waits for that one. When the server says that its list changed, the new one is
 * waited for; when it cannot be had, the old one is served. The failure of a first fetch is not remembered.
 */
export class ToolList {
  readonly #clock: Clock;
  #known: { readonly fetched: FetchedTools; readonly at: number } | undefined;
  #fetching: Promise<readonly Tool[]> | undefined;
  #failed = false;

  /** Knows nothing yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The tools; `revision` is the server's present one. Rejects only when there is nothing to serve. */
  async tools(
    revision: number | undefined,
    fetch: () => Promise<FetchedTools>,
    onFailure: (error: unknown) => void,
  ): Promise<readonly Tool[]> {
    const known = this.#known;
    if (known === undefined) return await this.#fetch(fetch);
    const { tools } = known.fetched;
    const isCurrent = known.fetched.revision === revision;
    if (isCurrent && this.#clock.monotonic() - known.at < FRESH_MS) return tools;
    const refreshed = this.#fetch(fetch).catch((error) => {
      this.#failed = true;
      onFailure(error);
      return tools;
    });
    // A server that failed before is not waited for again.
    return isCurrent || this.#failed ? tools : await refreshed;
  }

  /** Forgets the list. */
  forget(): void {
    this.#known = undefined;
    this.#failed = false;
  }

  #fetch(fetch: () => Promise<FetchedTools>): Promise<readonly Tool[]> {
    this.#fetching ??= this.#remembered(fetch).finally(() => this.#fetching = undefined);
    return this.#fetching;
  }

  async #remembered(fetch: () => Promise<FetchedTools>): Promise<readonly Tool[]> {
    const fetched = await fetch();
    this.#failed = false;
    const { tools } = fetched;
    const isSmall = tools.length <= MAX_TOOLS &&
      JSON.stringify(tools.map(({ definition }) => definition)).length <= MAX_CHARACTERS;
    this.#known = isSmall ? { fetched, at: this.#clock.monotonic() } : undefined;
    return tools;
  }
}
