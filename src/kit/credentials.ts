/** Which values are credentials, told by their names and looks. */

import { looksRandom } from "./redactor.ts";

/** Names of headers, variables, parameters and options that hold credentials; no author, keyboard or compass does. */
const CREDENTIAL =
  /auth(?!or(?!i[sz]))|(?<!mon|tur)key(?!board|word|map|pad)|token(?!i[sz])|(?<!com|by)pass(?!ive|eng|age|ing)|secret|cred|pwd|cookie|assertion|signature/i;
/** Names that only tell of one: how it is made, how long it lasts. */
const ABOUT = /(?:type|mode|method|scheme|alg|algorithm|limit|(?<!ac)count|size|length|ttl|timeout|enabled)$/i;
/** So many tokens or keys. */
const COUNTED = /tokens|keys/i;
const COUNT = /^\d{1,9}$/;

type Named = Readonly<Record<string, string>>;

/** Whether a header, variable, parameter or option of this name and value holds a credential. */
export function isCredential(name: string, value: string): boolean {
  return CREDENTIAL.test(name) && !ABOUT.test(name) && !(COUNTED.test(name) && COUNT.test(value));
}

/** The credentials among headers. */
export function headerCredentials(headers: Named): readonly string[] {
  return Object.entries(headers).filter(([name, value]) => isCredential(name, value)).flatMap(([, value]) => {
    const basic = /^Basic ([\w+/=-]+)$/i.exec(value)?.[1];
    return basic === undefined ? [value] : [value, basic, passwordOf(basic)];
  });
}

/** The credentials among variables of an environment. */
export function envCredentials(env: Named): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    !isPath(value) && (isCredential(name, value) || looksRandom(value, 16)) ? [value] : addressCredentials(value)
  );
}

/** The credentials in an address: its password, a lone name before the host, parts of path and query that are no words. */
export function addressCredentials(text: string): readonly string[] {
  const url = URL.parse(text);
  if (url === null || !text.includes("://")) return [];
  const user = decoded(url.username);
  const password = decoded(url.password);
  const parameters = [...url.searchParams].filter(([name, value]) =>
    isCredential(name, value) || looksRandom(value, 16)
  );
  return [
    password === "" ? user : password,
    ...parameters.map(([, value]) => value),
    ...url.pathname.split("/").map(decoded).filter((part) => looksRandom(part, 20)),
  ];
}

/** Paths and addresses are no secrets: hiding them would turn messages about files into riddles. */
export function isPath(value: string): boolean {
  return /^[/.~]|:\//.test(value);
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
