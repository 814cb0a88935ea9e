/** Running a session's tool outside a turn, for background work. */

import { NotFoundError, RuntimeError, ToolError } from "../errors.ts";
import type { Tool, ToolContext, ToolOutcome } from "../ports/tool.ts";
import type { HostedToolCall } from "../ports/session_host.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { KernelPorts, SecretFilter } from "../turn/kernel_ports.ts";
import { OutputStream } from "../turn/output_stream.ts";
import { WatchedStorage } from "../turn/watched_storage.ts";
import { askPreHooks, type HookAsking } from "../turn/pre_hooks.ts";
import { hookFailure } from "../turn/turn_run.ts";

/** Most bytes of a result that are looked at; who keeps it keeps less. */
const MAX_VALUE_BYTES = 4 * 1024 * 1024;

/**
 * Runs a tool of a session; what it throws comes through, except that a deadline is a `ToolError`.
 *
 * The session's `preToolUse` hooks are asked, as for any other call: those that were asked about `spawn_background` did
 * not see this tool as what is called. `postToolUse` hooks are not, since no result enters the conversation.
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
  const printed = new OutputStream(ports.secrets, (delta, stream) => call.output?.(delta, stream));
  try {
    signal.throwIfAborted();
    const context = detachedContext(ports, turn, call, over.signal, printed);
    const asked = { id: context.toolCallId, name: call.name, arguments: call.arguments };
    const asking = askingUntil(ended.promise, ports, turn);
    const { args, blocked } = await askPreHooks(turn, asked, { definition: tool.definition, context, asking });
    over.signal.throwIfAborted();
    if (blocked !== undefined) return { type: "error", message: blocked };
    const parsed = await tool.parse(args);
    if (!parsed.ok) return { type: "error", message: parsed.message };
    return withoutSecrets(await Promise.race([tool.execute(parsed.value, context), ended.promise]), ports.secrets);
  } catch (thrown) {
    throw thrown instanceof ToolError ? new ToolError(ports.secrets.redact(thrown.message)) : thrown;
  } finally {
    timer?.cancel();
    signal.removeEventListener("abort", onAbort);
    printed.end();
    over.abort(new ToolError("the call is over"));
  }
}

/** What a tool came to, as far as it is text, without secrets: it is kept, and told to the model. */
function withoutSecrets(outcome: ToolOutcome, secrets: SecretFilter): ToolOutcome {
  if (outcome.type === "error") return { ...outcome, message: secrets.redact(String(outcome.message)) };
  if (outcome.type !== "success") return outcome;
  const { value } = toBoundedJson(outcome.value, { maxBytes: MAX_VALUE_BYTES });
  return { ...outcome, value: secrets.redactResult(value) };
}

/** Asks hooks under their deadline, until the call is over. */
function askingUntil(ended: Promise<never>, ports: KernelPorts, { session }: TurnContext): HookAsking {
  const { hookMs } = ports.limits;
  return {
    wait: async (answer) => {
      const late = Promise.withResolvers<never>();
      const timer = ports.clock.setTimer(
        () => late.reject(new RuntimeError("deadline_exceeded", `Cannot run a hook: no answer within ${hookMs} ms`)),
        hookMs,
      );
      try {
        return await Promise.race([answer, ended, late.promise]);
      } finally {
        timer.cancel();
      }
    },
    failed: (owner, thrown) =>
      ports.live.live(session.id, {}, "runtime.warning", {
        code: "hook_failed",
        message: ports.secrets.redact(hookFailure("preToolUse", owner, thrown)).slice(0, 500),
      }),
  };
}

function detachedContext(
  ports: KernelPorts,
  turn: TurnContext,
  call: HostedToolCall,
  signal: AbortSignal,
  printed: OutputStream,
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
    storage: services.storageStore === undefined ? undefined : new WatchedStorage(services.storageStore, ports.secrets),
    connections: services.connectionResolver,
    tasks: services.taskRegistry,
    schedules: services.scheduleStore,
    platform: services.platformStore,
    tools,
    networkAccess: turn.runtimeAgent.networkAccess,
    progress: (message, data) => {
      const { secrets } = ports;
      const shown = data === undefined ? undefined : secrets.redactResult(toBoundedJson(data).value);
      call.progress?.(secrets.redactResult(String(message)), shown);
    },
    output: (delta, stream = "stdout") => printed.push(String(delta), stream),
    fileWritten: (path, operation, sizeBytes) => {
      ports.live.live(session.id, {}, "file.written", { path, operation, sizeBytes });
    },
  };
}
