/** Clients of scripted processes. */

import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { mcpStdio, type McpStdioOptions } from "../../../src/mcp/stdio/mod.ts";
import type { McpServerConfig } from "../../../src/records/mcp.ts";
import type { Message, Processes, ScriptedProcess } from "./_process.ts";
import { type Connected, connected } from "./_servers.ts";

/** Answers every call with a text. */
export function say(text: string): (request: Message, process: ScriptedProcess) => void {
  return (request, process) => process.answer(request, { content: [{ type: "text", text }] });
}

/** A client on a clock that stands still. */
export interface Started extends Connected {
  readonly clock: FakeClock;
}

/** Connects to a scripted process. */
export async function start(
  processes: Processes,
  config: McpServerConfig = {},
  options: McpStdioOptions = {},
): Promise<Started> {
  const clock = new FakeClock();
  const connector = mcpStdio({ spawn: processes.spawn, clock, ...options });
  const client = await connected(connector, { type: "stdio", command: "server", protocolMode: "legacy", ...config });
  return Object.assign(client, { clock });
}
