/**
 * What becomes of thinking whose conversation has changed since.
 *
 * Newer models take a block back only behind the very words it was made after, which facts that come and go with each
 * request are not (https://platform.claude.com/docs/en/build-with-claude/preserved-thinking/prefix-checks, November 2026).
 * Whether the API refuses the request or leaves the block out is the account's, unless it is told.
 */

import type { ProviderError } from "../../errors.ts";
import type { ModelRequest } from "../../ports/driver.ts";

/** Learns from refusals whether the API has to be told to leave blocks out, and whether it may be. */
export class ThinkingBinding {
  #state: "unasked" | "told" | "refused" = "unasked";

  /** Whether the API is told, with a request, to leave out blocks that do not fit. */
  dropsBlocksOf({ messages }: ModelRequest): boolean {
    return this.#state === "told" &&
      messages.some((message) =>
        message.role === "assistant" && message.reasoning?.some(({ purpose }) => purpose === undefined)
      );
  }

  /** Takes a refusal; the request itself is sent again without thinking. */
  learn({ status, message }: ProviderError): void {
    if (status !== 400) return;
    if (this.#state === "unasked" && message.includes("bound to a different conversation")) this.#state = "told";
    else if (this.#state === "told" && /block_binding|thinking-binding-controls/.test(message)) this.#state = "refused";
  }
}
