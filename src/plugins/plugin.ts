/** Plugins as data. */

import { RuntimeError } from "../errors.ts";
import type { McpServers } from "../records/mcp.ts";
import type { Capability } from "../ports/capability.ts";

/** A plugin's instructions for one kind of job, which the model may read when it fits. */
export interface PluginSkill {
  /** Its name: small letters, digits and single hyphens, at most 64; unique within the session. */
  readonly name: string;
  /** When to use it, for the model; at most 1,024 characters. */
  readonly description: string;
  /** The text, Markdown. */
  readonly instructions: string;
  /** Whether a user may start it by name. @default {true} */
  readonly userInvocable?: boolean;
  /** Whether only a user may start it. @default {false} */
  readonly disableModelInvocation?: boolean;
  /** Its arguments for people, such as `<file>`. */
  readonly argumentHint?: string;
  /** Further files, by path within the skill's folder. @default none */
  readonly files?: Readonly<Record<string, string>>;
}

/** A role the plugin describes to the model. */
export interface PluginAgent {
  /** Its name. */
  readonly name: string;
  /** When to take the role. */
  readonly description?: string;
  /** What to do in it, Markdown. */
  readonly instructions: string;
}

/** What a plugin consists of; all of it is data. */
export interface PluginDefinition {
  /** Its name: letters, digits, `.`, `_` and `-`, at most 64; the capability is `plugin:<name>`. */
  readonly name: string;
  /** Name for people. @default its name */
  readonly displayName?: string;
  /** What it does. */
  readonly description?: string;
  /** Its version, for people. */
  readonly version?: string;
  /** Its skills. @default none */
  readonly skills?: readonly PluginSkill[];
  /** Its roles. @default none */
  readonly agents?: readonly PluginAgent[];
  /** Its servers, by name; HTTP only. @default none */
  readonly mcpServers?: McpServers;
}

/** A compiled plugin. */
export interface Plugin {
  /** Its name. */
  readonly name: string;
  /** Its version, if it says so. */
  readonly version: string | undefined;
  /** The capability `plugin:<name>`, to be registered and switched on like any other. */
  readonly capability: Capability;
  /** What was left out and why, in words for the host. */
  readonly warnings: readonly string[];
}

/** A plugin cannot be used at all (code `plugin_invalid`); parts that cannot be used are warnings instead. */
export class PluginError extends RuntimeError {
  /** Creates the error; the reason says what to change. */
  constructor(reason: string, cause?: unknown) {
    super("plugin_invalid", `Cannot load the plugin: ${reason}`, { cause });
  }
}
