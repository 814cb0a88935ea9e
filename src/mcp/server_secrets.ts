/** What of a server's configuration, and of what is sent to it, is secret. */

import type { McpServerConfig } from "../records/mcp.ts";
import { looksRandom, Redactor } from "../kit/redactor.ts";

/** Names of headers, variables, parameters and options that hold credentials. */
const CREDENTIAL = /auth|key|token|secret|pass|cred|pwd|cookie|assertion|signature/i;
/** Fields of a request for tokens that prove something; codes can be used once. */
const PROOF = /token|secret|password|assertion|verifier|^code$/i;
/** Credentials in an answer to it, whatever else is wrong with that answer. */
const ANSWERED = /"(?:\w+_token|client_secret)"\s*:\s*"((?:[^"\\]|\\.){6,})/g;

type Named = Readonly<Record<string, string>>;

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
    others.push(decoded(address.username), ...address.searchParams.values());
  }
  return new Redactor(credentials, others);
}

/** The credentials among headers. */
export function headerCredentials(headers: Named): readonly string[] {
  return Object.entries(headers).filter(([name]) => CREDENTIAL.test(name)).flatMap(([, value]) => {
    const basic = /^Basic ([\w+/=-]+)$/i.exec(value)?.[1];
    return basic === undefined ? [value] : [value, basic, passwordOf(basic)];
  });
}

/** The credentials among variables of an environment. */
export function envCredentials(env: Named): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    !isPath(value) && (CREDENTIAL.test(name) || looksRandom(value, 16)) ? [value] : addressCredentials(value)
  );
}

/** The credentials in the body of a request for tokens. */
export function formCredentials(body: URLSearchParams): readonly string[] {
  return [...body].filter(([name]) => PROOF.test(name)).map(([, value]) => value);
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
    if (CREDENTIAL.test(name) && !isPath(value)) return headerCredentials({ [name]: value });
    if (CREDENTIAL.test(before) && !arg.startsWith("-") && !isPath(arg)) return [arg];
    return addressCredentials(value === "" ? arg : value);
  });
}

/** A password, a lone name before the host, and parts of path and query that are no words. */
function addressCredentials(text: string): readonly string[] {
  const url = URL.parse(text);
  if (url === null || !text.includes("://")) return [];
  const user = decoded(url.username);
  const password = decoded(url.password);
  const parameters = [...url.searchParams].filter(([name, value]) => CREDENTIAL.test(name) || looksRandom(value, 16));
  return [
    password === "" ? user : password,
    ...parameters.map(([, value]) => value),
    ...url.pathname.split("/").map(decoded).filter((part) => looksRandom(part, 20)),
  ];
}

function passwordOf(basic: string): string {
  try {
    return atob(basic.replaceAll("-", "+").replaceAll("_", "/")).replace(/^[^:]*:/, "");
  } catch {
    return "";
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Paths and addresses are no secrets: hiding them would turn messages about files into riddles. */
function isPath(value: string): boolean {
  return /^[/.~]|:\//.test(value);
}
