/** The executors of background work every runtime with a task registry has. */

import type { PlatformStore } from "../ports/platform_store.ts";
import type { SessionScheduleStore } from "../ports/schedule_store.ts";
import type { SessionHost } from "../ports/session_host.ts";
import type { SessionTaskRegistry } from "../ports/task_registry.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";
import { offerBackground } from "../context/resolve.ts";
import { backgroundToolExecutor } from "../capabilities/background/executor.ts";
import { monitorExecutor } from "../capabilities/background/monitor_executor.ts";
import { subagentExecutor } from "../capabilities/subagents/executor.ts";

/** What executors work on. */
export interface ExecutorServices {
  /** Other sessions. */
  readonly platformStore?: PlatformStore;
  /** Schedules. */
  readonly scheduleStore?: SessionScheduleStore;
}

/**
 * Registers what runs tools, subagents and monitors; those that need a store the host does not keep are left out.
 *
 * From then on sessions with a tool that can run in the background may start it there.
 */
export function registerExecutors(
  registry: SessionTaskRegistry,
  services: ExecutorServices,
  host: SessionHost,
  capabilities: CapabilityRegistry,
): void {
  offerBackground(capabilities);
  const { executors } = registry;
  const { platformStore, scheduleStore } = services;
  executors.register(backgroundToolExecutor(registry, host));
  if (scheduleStore !== undefined) executors.register(monitorExecutor(registry, scheduleStore));
  if (platformStore === undefined) return;
  executors.register(subagentExecutor(registry, platformStore));
  executors.register(subagentExecutor(registry, platformStore, { kind: "agent_handoff" }));
}
