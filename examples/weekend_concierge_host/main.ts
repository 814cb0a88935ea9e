// deno run --no-prompt examples/weekend_concierge_host/main.ts

/**
 * A whole host: its own capability over private data, files it seeds, and one turn of a simulated model.
 *
 * @module
 */

import { textOf } from "@everruns/runtime";
import { buildConcierge, REQUEST } from "./concierge_host.ts";

await using runtime = await buildConcierge();
const sessionId = runtime.defaultSessionId;

for (const path of ["/workspace/house_brief.md", "/workspace/guest_notes.md"]) {
  const { content, isReadonly } = await runtime.readFile(sessionId, path);
  console.log(`${path}${isReadonly ? " (read-only)" : ""}\n${content}`);
}

const turn = await runtime.runTextTurn(sessionId, REQUEST);

for (const { role, content } of await runtime.messages(sessionId)) {
  const text = textOf(content);
  if (text !== "") console.log(`${role}: ${text}`);
  for (const part of content) {
    if (part.type === "tool_call") console.log(`${role}: ${part.name} ${JSON.stringify(part.arguments)}`);
    if (part.type === "tool_result") console.log(`${role}: ${part.error ?? JSON.stringify(part.result)}`);
  }
}
console.log(`-> ${turn.status}: ${turn.iterations} model calls, ${turn.toolCallsCount} tool call`);
