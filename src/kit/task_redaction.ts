/** Tasks as models and clients may see them. */

import type { JsonObject, JsonValue } from "../records/json.ts";
import type { SessionTask } from "../records/task.ts";

/** What stands for a secret. */
const REDACTED = "[secret]";

/**
 * The task without the secrets of its webhooks (`spec.push_configs[].secret`); the same object when it has none.
 *
 * A registry keeps them, for the executor needs them; use this wherever a task leaves to a model, a client or a log.
 */
export function redactTask(task: SessionTask): SessionTask {
  const configs = task.spec["push_configs"];
  if (!Array.isArray(configs) || !configs.some(hasSecret)) return task;
  const redacted = configs.map((config: JsonValue) => hasSecret(config) ? { ...config, secret: REDACTED } : config);
  return Object.freeze({ ...task, spec: Object.freeze({ ...task.spec, push_configs: Object.freeze(redacted) }) });
}

function hasSecret(config: JsonValue): config is JsonObject {
  return typeof config === "object" && config !== null && Object.hasOwn(config, "secret");
}
