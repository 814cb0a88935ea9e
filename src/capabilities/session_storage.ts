/** The `session_storage` capability: values and secrets of the session. */

import { ToolError } from "../errors.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
import { Secret } from "../records/secret.ts";
import type { Capability } from "../ports/capability.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import type { Tool, ToolContext } from "../ports/tool.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { defineTool } from "../kit/define_tool.ts";
import { about, flag } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";

const SETTINGS = defineSettings({
  reveal_secrets: about("Whether the model gets secrets back; what it gets stays in the conversation.", flag(false)),
});

/** Most characters of a key or name. */
const MAX_KEY = 256;
/** Most characters of a value as JSON. */
const MAX_VALUE = 32_768;
const MAX_SECRET = 16_384;
/** Most keys, and most names, of a session. */
const MAX_KEYS = 1_000;
/** Keys of one answer. */
const MAX_LISTED = 200;

/**
 * The tools `kv_store` and `secret_store` over the runtime's session storage.
 *
 * A secret can be stored, listed and deleted by the model, and read by the host's tools; the model gets it back only with
 * `reveal_secrets: true` in the configuration (default false), since an answer stays in the conversation. What the model
 * stores itself it has in the conversation already. A session has at most 1,000 keys of 256 characters, a value 32,768
 * characters of JSON, a secret 16,384.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Kept."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability("session_storage"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "kv_store"));
 * ```
 */
export const sessionStorage: Capability = defineCapability({
  id: "session_storage",
  name: "Session storage",
  description: "Keeps values and secrets of the session.",
  category: "session",
  riskLevel: "medium",
  tools: (config) => [kvStore(), secretStore(SETTINGS.read(config).reveal_secrets)],
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  permissions: {},
});

/** What both tools have: a value set or deleted again is the same. */
const COMMON = {
  category: "session",
  effect: "idempotent",
  concurrencyClass: "session_storage",
  hints: { readonly: false },
  permissions: {},
} as const;

/** Parameters of an operation on what has a key or a name. */
function operationOn(member: "key" | "name", value: JsonSchema): JsonSchema {
  return {
    type: "object",
    properties: {
      operation: { type: "string", enum: ["set", "get", "delete", "list"] },
      [member]: { type: "string", minLength: 1, maxLength: MAX_KEY, description: "Not for list." },
      value,
    },
    required: ["operation"],
    additionalProperties: false,
  };
}

function kvStore(): Tool {
  return defineTool({
    name: "kv_store",
    displayName: "Session values",
    description: "Keeps JSON values of this session under keys: set, get, delete, list.",
    parameters: operationOn("key", { description: "Any JSON, for set." }),
    ...COMMON,
    execute: async (args, context) => {
      const storage = storageOf(context);
      const { sessionId } = context;
      if (args["operation"] === "list") return listed(await storage.listKeys(sessionId));
      const key = named(args, "key");
      switch (args["operation"]) {
        case "get": {
          const value = await storage.getValue(sessionId, key);
          return value === undefined ? { key, exists: false } : { key, exists: true, value };
        }
        case "delete":
          return { key, deleted: await storage.deleteValue(sessionId, key) };
        default: {
          const { value } = args;
          if (value === undefined) throw new ToolError("set needs a value");
          if (JSON.stringify(value).length > MAX_VALUE) throw tooLarge(MAX_VALUE);
          await assertRoom(key, () => storage.listKeys(sessionId));
          await storage.setValue(sessionId, key, value);
          return { key, stored: true };
        }
      }
    },
    narrate: ({ operation, key }) => `Session values: ${operation}${typeof key === "string" ? ` ${key}` : ""}`,
  });
}

function secretStore(reveals: boolean): Tool {
  return defineTool({
    name: "secret_store",
    displayName: "Session secrets",
    description: "Keeps secrets of this session under names: set, delete, list, and get, which" +
      (reveals
        ? " gives the secret."
        : " only tells whether there is one: tools of the host use secrets by their names."),
    parameters: operationOn("name", {
      type: "string",
      minLength: 1,
      maxLength: MAX_SECRET,
      description: "The secret, for set.",
    }),
    ...COMMON,
    execute: async (args, context) => {
      const storage = storageOf(context);
      const { sessionId } = context;
      if (args["operation"] === "list") return listed(await storage.listSecrets(sessionId));
      const name = named(args, "name");
      switch (args["operation"]) {
        case "get": {
          const secret = await storage.getSecret(sessionId, name);
          if (secret === undefined) return { name, exists: false };
          return { name, exists: true, ...(reveals ? { value: secret.reveal() } : {}) };
        }
        case "delete":
          return { name, deleted: await storage.deleteSecret(sessionId, name) };
        default: {
          const { value } = args;
          if (typeof value !== "string") throw new ToolError("set needs a value");
          await assertRoom(name, () => storage.listSecrets(sessionId));
          await storage.setSecret(sessionId, name, new Secret(value));
          return { name, stored: true };
        }
      }
    },
    narrate: ({ operation, name }) => `Session secrets: ${operation}${typeof name === "string" ? ` ${name}` : ""}`,
  });
}

function storageOf({ storage }: ToolContext): SessionStorageStore {
  if (storage === undefined) throw new ToolError("This runtime keeps no session storage");
  return storage;
}

function named(args: JsonObject, member: string): string {
  const value: JsonValue | undefined = args[member];
  if (typeof value !== "string") throw new ToolError(`${String(args["operation"])} needs a ${member}`);
  return value;
}

function listed(names: readonly string[]): JsonObject {
  const isCut = names.length > MAX_LISTED;
  return { count: names.length, ...(isCut ? { truncated: true } : {}), names: names.slice(0, MAX_LISTED) };
}

async function assertRoom(name: string, list: () => Promise<readonly string[]>): Promise<void> {
  const names = await list();
  if (names.length < MAX_KEYS || names.includes(name)) return;
  throw new ToolError(`The session already has ${MAX_KEYS} of them: delete some first`);
}

function tooLarge(limit: number): ToolError {
  return new ToolError(`The value is too large: it may have ${limit} characters of JSON; write a file instead`);
}
