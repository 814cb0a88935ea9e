/** One refresh for however many requests met the token that ran out. */

import type { McpFetch } from "./guarded_fetch.ts";

/** What is known of the tokens now. */
export type CurrentTokens = () => Promise<{ readonly access_token: string } | undefined>;

/** Most refused tokens that are remembered. */
const MAX_REFUSED = 16;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Stands between the official client, which refreshes for each request that was refused, and the network.
 *
 * An authorization server that rotates its refresh tokens takes the second use of one for theft, and ends the session.
 */
export class TokenRefresh {
  readonly #current: CurrentTokens;
  readonly #refused = new Set<string>();
  /** The refresh whose tokens are not kept yet, by its body. */
  #pending: { readonly body: string; readonly answer: Promise<Answer> } | undefined;

  /** Refreshes nothing by itself. */
  constructor(current: CurrentTokens) {
    this.#current = current;
  }

  /** The tokens of the last refresh are kept, or given up: the next one is another. */
  settled(): void {
    this.#pending = undefined;
  }

  /** Wraps a fetch. */
  wrap(fetch: McpFetch): McpFetch {
    return async (url, init) => {
      const { body } = init ?? {};
      if (body instanceof URLSearchParams && body.get("grant_type") === "refresh_token") {
        return await this.#refresh(String(body), () => fetch(url, init));
      }
      const response = await fetch(url, init);
      const token = /^Bearer (.+)$/.exec(new Headers(init?.headers).get("authorization") ?? "")?.[1];
      if (response.status === 401 && token !== undefined) this.#refuse(token);
      return response;
    };
  }

  async #refresh(body: string, send: () => Promise<Response>): Promise<Response> {
    const tokens = await this.#current();
    // Somebody else's refresh was faster, and nobody refused what came of it.
    if (tokens !== undefined && !this.#refused.has(tokens.access_token)) return Response.json(tokens);
    if (this.#pending?.body !== body) {
      const answer = send().then(async (response) => ({ status: response.status, text: await response.text() }));
      this.#pending = { body, answer };
      answer.then(({ status }) => status < 200 || status > 299, () => true).then((hasFailed) => {
        if (hasFailed && this.#pending?.answer === answer) this.#pending = undefined;
      });
    }
    const { status, text } = await this.#pending.answer;
    return new Response(text, { status, headers: { "content-type": "application/json" } });
  }

  #refuse(token: string): void {
    this.#refused.delete(token);
    this.#refused.add(token);
    const [oldest] = this.#refused;
    if (this.#refused.size > MAX_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
  }
}
