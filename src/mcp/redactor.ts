/** Keeping configured secrets out of what a server says back. */

import type { McpServerConfig } from "../records/mcp.ts";

/** Shapes of keys and of headers that carry them, whoever's they are. */
const KEY_SHAPES = /\b(sk|rk|pk|ghp|xox[abp])[-_][\w*-]{8,}|\bBearer\s+[^\s"',}]{16,}/gi;
/** Shorter values are too common to be looked for. */
const MIN_LENGTH = 6;

/** Most values that are remembered beside the configured ones: tokens come and go. */
const MAX_ADDED = 64;

/** Takes secrets out of texts. */
export class Redactor {
  readonly #configured: readonly string[];
  readonly #added = new Set<string>();

  /** Knows the values of a server's headers and environment, and what its address carries beside host and path. */
  constructor(config: McpServerConfig) {
    const values = [...Object.values(config.headers ?? {}), ...secretEnv(config.env ?? {})];
    const url = URL.parse(config.url ?? "");
    if (url !== null) values.push(url.username, url.password, ...url.searchParams.values());
    this.#configured = values.flatMap(withoutScheme);
  }

  /** Remembers more values, such as a token that is about to be sent. */
  add(values: readonly string[]): void {
    for (const value of values.flatMap(withoutScheme)) this.#added.add(value);
    for (const value of this.#added) {
      if (this.#added.size <= MAX_ADDED) break;
      this.#added.delete(value);
    }
  }

  /** Remembers those values of an environment that may be secret. */
  addEnvironment(env: Readonly<Record<string, string>>): void {
    this.add(secretEnv(env));
  }

  /** The text without secrets. */
  redact(text: string): string {
    const known = [...this.#configured, ...this.#added].filter((value) => value.length >= MIN_LENGTH)
      .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
      .sort((a, b) => b.length - a.length);
    let result = text;
    for (const value of known) result = result.replaceAll(value, "[secret]");
    return result.replace(KEY_SHAPES, "[secret]");
  }
}

/** `Bearer KEY` may come back without its scheme. */
function withoutScheme(value: string): readonly string[] {
  const bare = /^\w+ (\S+)$/.exec(value)?.[1];
  return bare === undefined ? [value] : [value, bare];
}

/** Values that are no secret: paths and search paths would turn messages about files into riddles. */
function secretEnv(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).filter(([name, value]) =>
    /key|token|secret|pass|auth|cred|pwd/i.test(name) || !/^[/.~]|:\//.test(value) && value.length >= 16
  ).map(([, value]) => value);
}
