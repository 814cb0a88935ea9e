/** The executors of background work every runtime with a task registry has. */

import type { PlatformStore } from "../ports/platform_store.ts";
import type { SessionHost } from "../ports/session_host.ts";
import type { SessionTaskRegistry } from "../ports/task_registry.ts";
import { backgroundToolExecutor } from "../capabilities/background/executor.ts";
import { subagentExecutor } from "../capabilities/subagents/executor.ts";

/** Registers the executors of `background_tool`, and of `subagent` when tools may reach other sessions. */
export function registerExecutors(
  registry: SessionTaskRegistry,
  platform: PlatformStore | undefined,
  host: SessionHost,
): void {
  registry.executors.register(backgroundToolExecutor(registry, host));
  if (platform !== undefined) registry.executors.register(subagentExecutor(registry, platform));
}
