/** What of a server's configuration, and of what is sent to it, is secret. */

import type { McpServerConfig } from "../records/mcp.ts";
import { addressCredentials, envCredentials, headerCredentials, isCredential, isPath } from "../kit/credentials.ts";
import { Redactor } from "../kit/redactor.ts";

/** Fields of a request for tokens that prove something; codes can be used once. */
const PROOF = /token|secret|password|assertion|verifier|^code$/i;
/** Credentials in an answer to it, whatever else is wrong with that answer. */
const ANSWERED = /"(?:\w+_token|client_secret)"\s*:\s*"((?:[^"\\]|\\.){6,65536})/g;

/**
 * Knows the credentials of a configuration, which nothing of the server's may repeat, and values that may be some, which
 * its failures may not repeat.
 */
export function redactorFor({ headers = {}, env = {}, args = [], url = "" }: McpServerConfig): Redactor {
  const credentials = [...headerCredentials(headers), ...envCredentials(env), ...argumentCredentials(args)];
  const address = URL.parse(url);
  const others = Object.values(headers);
  for (const value of Object.values(env)) if (value.length >= 16 && !isPath(value)) others.push(value);
  if (address !== null) {
    credentials.push(...addressCredentials(url));
    others.push(address.username, ...address.searchParams.values());
  }
  return new Redactor(credentials, others);
}

/** The credentials in the body of a request for tokens. */
export function formCredentials(body: URLSearchParams): readonly string[] {
  return [...body].filter(([name]) => PROOF.test(name)).map(([, value]) => value);
}

/** The tokens and secrets among the members of an object. */
export function proofsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    typeof member === "string" && /token$|secret$/i.test(name) ? [member] : []
  );
}

/** The credentials in the answer to a request for tokens. */
export function answeredCredentials(text: string): readonly string[] {
  return Array.from(text.matchAll(ANSWERED), ([, value = ""]) => value);
}

/** The values of options such as `--api-key KEY`, of headers among them, and what addresses carry. */
function argumentCredentials(args: readonly string[]): readonly string[] {
  return args.flatMap((arg, place) => {
    const [, name = "", value = ""] = /^-*([\w-]+)(?:=|:(?!\/\/)\s*)(.+)$/s.exec(arg) ?? [];
    const [, before = ""] = /^--?([\w-]+)$/.exec(args[place - 1] ?? "") ?? [];
    if (isCredential(name, value) && !isPath(value)) return headerCredentials({ [name]: value });
    if (isCredential(before, arg) && !arg.startsWith("-") && !isPath(arg)) return [arg];
    return addressCredentials(value === "" ? arg : value);
  });
}
