/**
 * What an editor is told that none of its prompts asked for.
 *
 * @module
 */

import type { ContentBlock } from "@agentclientprotocol/sdk";
import assert from "node:assert/strict";
import { openEditor } from "./_support/acp_editor.ts";
import { argsFor, playground } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

Deno.test("an editor is told the title, what a schedule says and what came of it, and gets images back with a session", async () => {
  using at = playground();
  const remind = () => {
    const due = new Date(Date.now() + 1_000).toISOString();
    return {
      calls: [{ name: "create_schedule", arguments: { description: "Look at the build.", scheduled_at: due } }],
    };
  };
  await using provider = serveScript([
    remind,
    "Scheduled.",
    { status: 401 },
  ]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const image = { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" } as const;
  await editor.agent.request("session/prompt", { sessionId, prompt: [text("Remind me"), image] });
  await editor.update((update) => update.sessionUpdate === "session_info_update" && update.title === "Remind me");
  const woken = await editor.update(({ sessionUpdate }) => sessionUpdate === "user_message_chunk");
  assert.deepEqual("content" in woken && woken.content, text("Look at the build."));
  await editor.update((update) =>
    update.sessionUpdate === "agent_message_chunk" && JSON.stringify(update.content).includes("scripted failure")
  );
  await editor.agent.request("session/load", { sessionId, cwd: at.workspace, mcpServers: [] });
  const replayed = editor.updates.map(({ update }) => update).filter(({ sessionUpdate }) =>
    sessionUpdate === "user_message_chunk"
  );
  assert.deepEqual(replayed.map((update) => "content" in update && update.content), [
    text("Look at the build."),
    text("Remind me"),
    image,
    text("Look at the build."),
  ]);
});

function text(said: string): ContentBlock {
  return { type: "text", text: said };
}
