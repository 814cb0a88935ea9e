/** Running a session's tool outside a turn, for background work. */

import { NotFoundError, ToolError } from "../errors.ts";
import type { Tool, ToolContext, ToolOutcome } from "../ports/tool.ts";
import type { HostedToolCall } from "../ports/session_host.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { KernelPorts } from "../turn/kernel_ports.ts";

/**
 * Runs a tool of a session; what it throws comes through, except that a deadline is a `ToolError`.
 *
 * Hooks of the session are not asked: they were when the call was made.
 */
export async function runHostedTool(
  ports: KernelPorts,
  turn: TurnContext,
  call: HostedToolCall,
): Promise<ToolOutcome> {
  const tool = turn.executableTools.get(call.name)?.tool;
  if (tool === undefined) {
    throw new NotFoundError("tool", call.name, `session "${turn.session.id}" offers no tool of this name`);
  }
  const parsed = await tool.parse(call.arguments);
  if (!parsed.ok) return { type: "error", message: parsed.message };
  const over = new AbortController();
  const { signal = over.signal, timeoutMs } = call;
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    over.abort(reason);
    ended.reject(reason);
  };
  const onAbort = (): void => end(signal.reason);
  const timer = timeoutMs === undefined
    ? undefined
    : ports.clock.setTimer(() => end(new ToolError(`timed out after ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener("abort", onAbort, { once: true });
  ended.promise.catch(() => {});
  try {
    signal.throwIfAborted();
    const context = detachedContext(ports, turn, call, over.signal);
    return await Promise.race([tool.execute(parsed.value, context), ended.promise]);
  } finally {
    timer?.cancel();
    signal.removeEventListener("abort", onAbort);
    over.abort(new ToolError("the call is over"));
  }
}

function detachedContext(
  ports: KernelPorts,
  turn: TurnContext,
  call: HostedToolCall,
  signal: AbortSignal,
): ToolContext {
  const { session } = turn;
  const { services, ids } = ports;
  const tools = new Map<string, Tool>([...turn.executableTools].map(([name, { tool }]) => [name, tool]));
  return {
    sessionId: session.id,
    workspaceId: session.workspaceId,
    organizationId: session.organizationId,
    turnId: ids.next("turn"),
    toolCallId: ids.next("call"),
    idempotencyKey: call.idempotencyKey,
    locale: turn.resolvedLocale,
    acceptedAt: ports.clock.now(),
    signal,
    files: ports.sources.files(session.workspaceId),
    storage: services.storageStore,
    connections: services.connectionResolver,
    tasks: services.taskRegistry,
    schedules: services.scheduleStore,
    platform: services.platformStore,
    tools,
    networkAccess: turn.runtimeAgent.networkAccess,
    progress: (message, data) => call.progress?.(message, data),
    output: (delta, stream = "stdout") => call.output?.(delta, stream),
    fileWritten: (path, operation, sizeBytes) => {
      ports.live.live(session.id, {}, "file.written", { path, operation, sizeBytes });
    },
  };
}
