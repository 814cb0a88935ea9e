/** What proves the client to servers over HTTP, remembered as it comes by. */

import { headerCredentials } from "../kit/credentials.ts";
import type { Redactor } from "../kit/redactor.ts";
import type { McpFetch } from "./guarded_fetch.ts";
import { answeredCredentials, formCredentials, proofsIn } from "./server_secrets.ts";

/** Remembers what proves the client, however it came about, so that nothing can repeat it. */
export function rememberingFetch(fetch: McpFetch, redactor: Redactor): McpFetch {
  return async (url, init) => {
    redactor.add(headerCredentials(Object.fromEntries(new Headers(init?.headers))));
    const body = init?.body;
    if (body instanceof URLSearchParams) redactor.add(formCredentials(body));
    const response = await fetch(url, init);
    const isAnswer = body instanceof URLSearchParams || typeof body === "string" && body.includes('"redirect_uris"');
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    return isAnswer && !isStream && response.body !== null ? await learned(response, redactor) : response;
  };
}

/** Tokens, or the secret of a client that was registered: known before anybody can stumble over them. */
async function learned(response: Response, redactor: Redactor): Promise<Response> {
  const text = await response.text();
  redactor.add(answeredCredentials(text));
  const { ok, status, statusText, headers, url } = response;
  // The official client prints why it was refused (2.4.0), which may be what it sent.
  const copy = new Response(ok ? text : redactor.redactKnown(text), { status, statusText, headers });
  Object.defineProperty(copy, "url", { value: url });
  return copy;
}

/** Remembers what passes through the hands of whoever proves the client: also the host's own stores may fail and tell. */
export function rememberingAuth<T extends object>(auth: T, redactor: Redactor): T {
  const remember = <V>(value: V): V => {
    redactor.add(typeof value === "string" ? [value] : proofsIn(value));
    return value;
  };
  return new Proxy(auth, {
    get(target, key): unknown {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function" || !/token|client/i.test(String(key))) return member;
      return (...args: readonly unknown[]): unknown => {
        for (const arg of args) redactor.add(proofsIn(arg));
        const answer: unknown = Reflect.apply(member, target, args);
        return answer instanceof Promise ? answer.then(remember) : remember(answer);
      };
    },
  });
}
