/** Which MCP servers a plugin may bring. */

import type { McpServerConfig, McpServers } from "../records/mcp.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** Most servers of one plugin. */
const MAX_SERVERS = 32;
/** Headers and parts of a URL that prove who asks; those are the host's to give. */
const CREDENTIAL = /auth|cookie|key|secret|token|password|credential|signature/i;

/**
 * The servers that can be used, reduced to address and harmless headers; each left out, and each header, is a warning.
 *
 * Foreign data may have any shape. A server must be reached by HTTPS under a public name: what a name leads to is
 * checked again by whoever connects.
 */
export function keepServers(servers: object, warnings: string[]): McpServers {
  const kept: Record<string, McpServerConfig> = {};
  for (const [name, config] of Object.entries(servers)) {
    const shown = `MCP server "${name.slice(0, 80)}"`;
    if (Object.keys(kept).length >= MAX_SERVERS) {
      warnings.push(`${shown} was left out: a plugin may have ${MAX_SERVERS}`);
      continue;
    }
    const url = usableUrl(name, config);
    if ("problem" in url) {
      warnings.push(`${shown} was left out: ${url.problem}`);
      continue;
    }
    const headers = keepHeaders(config.headers, shown, warnings);
    for (const key of ["authMode", "oauthProviderId"]) {
      if (config[key] !== undefined) {
        warnings.push(`${shown}: \`${key}\` is ignored; how to sign in is the host's choice`);
      }
    }
    kept[name] = Object.freeze({
      type: "http",
      url: url.href,
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
    });
  }
  return Object.freeze(kept);
}

type UsableUrl = { readonly href: string } | { readonly problem: string };

function usableUrl(name: string, config: unknown): UsableUrl {
  if (!NAME.test(name)) return { problem: "its name may have letters, digits, `_` and `-`, at most 64" };
  if (typeof config !== "object" || config === null) return { problem: "it is no object" };
  const { type, url, command } = config as Readonly<Record<string, unknown>>;
  if (command !== undefined || type === "stdio") {
    return { problem: "plugins may not start programs; only HTTP is used" };
  }
  if (type !== undefined && type !== "http" && type !== "streamable-http" && type !== "streamable_http") {
    return { problem: `servers of type ${JSON.stringify(type)?.slice(0, 40)} are not supported; only HTTP is` };
  }
  if (typeof url !== "string") return { problem: "it has no `url`" };
  if (url.includes("${")) return { problem: "its `url` has a variable, and a plugin is given none" };
  const parsed = URL.parse(url);
  if (parsed === null) return { problem: "its `url` is no URL" };
  if (parsed.protocol !== "https:") return { problem: "its `url` is not https" };
  const isSecret = [...parsed.searchParams.keys()].some((key) => CREDENTIAL.test(key));
  if (parsed.username !== "" || parsed.password !== "" || isSecret) return { problem: "its `url` holds credentials" };
  if (!isPublicName(parsed.hostname)) return { problem: `"${parsed.hostname}" is not a public host name` };
  return { href: parsed.href };
}

/** Whether a host is named, and not one of a private network by its name; an address in digits is none. */
function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  if (!name.includes(".") || /^[\d.]+$/.test(name)) return false;
  return !/\.(localhost|local|internal|intranet|lan|home|corp|private|test|invalid|example|onion|arpa)$/i.test(name);
}

function keepHeaders(headers: unknown, shown: string, warnings: string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  if (typeof headers !== "object" || headers === null) return kept;
  for (const [name, value] of Object.entries(headers)) {
    const header = `${shown}: the header "${name.slice(0, 80)}" is ignored`;
    if (typeof value !== "string") warnings.push(`${header}; it is no text`);
    else if (CREDENTIAL.test(name)) warnings.push(`${header}; plugins may not bring credentials`);
    else if (value.includes("${")) warnings.push(`${header}; it has a variable, and a plugin is given none`);
    else kept[name] = value;
  }
  return kept;
}
