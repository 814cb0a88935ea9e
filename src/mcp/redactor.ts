/** Keeping configured secrets out of what a server says back. */

import type { McpServerConfig } from "../records/mcp.ts";

/** Shapes of keys and of headers that carry them, whoever's they are. */
const KEY_SHAPES = /\b(sk|rk|pk|ghp|xox[abp])[-_][\w*-]{8,}|\bBearer\s+[^\s"',}]{16,}/gi;
/** Shorter values are too common to be looked for. */
const MIN_LENGTH = 6;

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/** Knows the values of a server's headers and environment, and what its address carries beside host and path. */
export function redactorOf(config: McpServerConfig, more: readonly string[] = []): Redact {
  const values = [...Object.values(config.headers ?? {}), ...secretEnv(config.env ?? {}), ...more];
  const url = URL.parse(config.url ?? "");
  if (url !== null) values.push(url.username, url.password, ...url.searchParams.values());
  for (const value of [...values]) {
    // `Bearer KEY` may come back without its scheme.
    const bare = /^\w+ (\S+)$/.exec(value)?.[1];
    if (bare !== undefined) values.push(bare);
  }
  const known = values.filter((value) => value.length >= MIN_LENGTH)
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let result = text;
    for (const value of known) result = result.replaceAll(value, "[secret]");
    return result.replace(KEY_SHAPES, "[secret]");
  };
}

/** Values that are no secret: paths and search paths would turn messages about files into riddles. */
function secretEnv(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).filter(([name, value]) =>
    /key|token|secret|pass|auth|cred|pwd/i.test(name) || !/^[/.~]|:\//.test(value) && value.length >= 16
  ).map(([, value]) => value);
}
