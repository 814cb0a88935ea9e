/**
 * The Agent Client Protocol, through the client of the official SDK and a real process.
 *
 * @module
 */

import type { ContentBlock, ToolCallUpdate } from "@agentclientprotocol/sdk";
import assert from "node:assert/strict";
import { allow, openEditor } from "./_support/acp_editor.ts";
import { argsFor, flagsFor, type Playground, playground, startCli } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

Deno.test("initialize tells protocol 1 and what the agent can", async () => {
  using at = playground();
  await using editor = await openEditor(argsFor(at));
  const hello = await editor.agent.request("initialize", { protocolVersion: 1, clientCapabilities: {} });
  assert.equal(hello.protocolVersion, 1);
  assert.equal(hello.agentCapabilities?.loadSession, true);
  assert.deepEqual(await editor.agent.request("authenticate", { methodId: "none" }), {});
});

Deno.test("session/new names the approval levels as modes, and then the commands", async () => {
  using at = playground();
  await using editor = await openEditor(argsFor(at));
  const { sessionId, modes } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  assert.match(sessionId, /^session_[0-9a-f]{32}$/);
  assert.equal(modes?.currentModeId, "ask");
  const commands = await editor.update(({ sessionUpdate }) => sessionUpdate === "available_commands_update");
  const names = commands.sessionUpdate === "available_commands_update"
    ? commands.availableCommands.map(({ name }) => name)
    : [];
  for (const name of ["help", "undo", "btw", "history"]) assert.ok(names.includes(name), name);
  assert.ok(!names.includes("quit"));
});

Deno.test("standard output is the protocol's alone, and a session is answered before it is talked about", async () => {
  using at = playground();
  const args = argsFor(at);
  const process = startCli(await flagsFor(args), [...args, "--acp"]);
  const writer = process.stdin.getWriter();
  const send = (message: object) => writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  await send({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: 1 } });
  const lines: { readonly id?: number; readonly method?: string; readonly error?: unknown }[] = [];
  let rest = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    rest += text;
    const complete = rest.split("\n");
    rest = complete.pop() ?? "";
    lines.push(...complete.map((line) => JSON.parse(line)));
    if (lines.length === 1) {
      await send({ jsonrpc: "2.0", id: 2, method: "session/new", params: { cwd: at.workspace, mcpServers: [] } });
    }
    if (lines.length >= 3) break;
  }
  await writer.close();
  await process.stderr.cancel();
  await process.status;
  assert.deepEqual(lines.map(({ id, method }) => id ?? method), [1, 2, "session/update"]);
});

Deno.test("a prompt streams thoughts and text, and ends with end_turn", async () => {
  using at = playground();
  await using provider = serveScript([{ thinking: "Greet them.", text: "Hello from the agent." }]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const { stopReason } = await editor.agent.request("session/prompt", { sessionId, prompt: [text("Hi")] });
  assert.equal(stopReason, "end_turn");
  assert.equal(editor.said(), "Hello from the agent.");
  const chunks = editor.updates.filter(({ update }) => update.sessionUpdate === "agent_message_chunk");
  assert.ok(chunks.length > 1, "the answer came in one piece");
  assert.ok(editor.updates.some(({ update }) => update.sessionUpdate === "agent_thought_chunk"));
});

Deno.test("an image is a prompt by itself, and nothing is none", async () => {
  using at = playground();
  await using provider = serveScript(["A cat."]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const image = { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" } as const;
  await editor.agent.request("session/prompt", { sessionId, prompt: [image] });
  assert.deepEqual(Object(provider.requests[0]?.input[0]).content.map(Object).map(({ type }: ContentBlock) => type), [
    "input_image",
  ]);
  await assert.rejects(editor.agent.request("session/prompt", { sessionId, prompt: [text(" ")] }), /prompt is empty/);
});

Deno.test("an edit is asked about with a diff, shown as a diff, and made when it is allowed", async () => {
  using at = playground();
  at.write("hello.txt", "one\n");
  await using provider = serveScript([
    { calls: [{ name: "write_file", arguments: { path: "hello.txt", content: "two\n" } }] },
    "Done.",
  ]);
  await using editor = await openEditor(argsFor(at, provider), allow);
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  await editor.agent.request("session/prompt", { sessionId, prompt: [text("Change it")] });
  const diff = { type: "diff", path: `${at.workspace}/hello.txt`, oldText: "one\n", newText: "two\n" };
  assert.equal(editor.questions[0]?.toolCall.title, "Edit hello.txt");
  assert.deepEqual(editor.questions[0]?.toolCall.content, [diff]);
  const kinds = editor.updates.map(({ update }) => update.sessionUpdate);
  assert.ok(kinds.indexOf("tool_call") < kinds.indexOf("tool_call_update"), kinds.join());
  const done = toolUpdates(editor.updates).find(({ status }) => status === "completed");
  assert.deepEqual(done?.content, [diff]);
  assert.equal(at.read("hello.txt"), "two\n");
});

Deno.test("a refused edit is a failed call, and the file stays", async () => {
  using at = playground();
  at.write("hello.txt", "one\n");
  await using provider = serveScript([
    { calls: [{ name: "write_file", arguments: { path: "hello.txt", content: "two\n" } }] },
    "As you wish.",
  ]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  await editor.agent.request("session/prompt", { sessionId, prompt: [text("Change it")] });
  assert.deepEqual(toolUpdates(editor.updates).map(({ status }) => status), ["failed"]);
  assert.equal(at.read("hello.txt"), "one\n");
});

Deno.test("a level without questions asks none", async () => {
  using at = playground();
  await using provider = serveScript([
    { calls: [{ name: "write_file", arguments: { path: "new.txt", content: "x" } }] },
    "Done.",
  ]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  await editor.agent.request("session/set_mode", { sessionId, modeId: "auto-edit" });
  await editor.agent.request("session/prompt", { sessionId, prompt: [text("Make it")] });
  assert.deepEqual(editor.questions, []);
  assert.equal(at.read("new.txt"), "x");
});

Deno.test("todos become a plan", async () => {
  using at = playground();
  const todos = [
    { content: "Look", activeForm: "Looking", status: "completed" },
    { content: "Change", activeForm: "Changing", status: "in_progress" },
  ];
  await using provider = serveScript([{ calls: [{ name: "write_todos", arguments: { todos } }] }, "Planned."]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  await editor.agent.request("session/prompt", { sessionId, prompt: [text("Plan")] });
  const plan = await editor.update(({ sessionUpdate }) => sessionUpdate === "plan");
  assert.deepEqual(plan, {
    sessionUpdate: "plan",
    entries: [
      { content: "Look", priority: "medium", status: "completed" },
      { content: "Change", priority: "medium", status: "in_progress" },
    ],
  });
});

Deno.test("session/cancel ends the prompt as cancelled, also while a question stands", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([
    { text: "Thinking ", until: held.promise },
    { calls: [{ name: "write_file", arguments: { path: "a.txt", content: "x" } }] },
  ]);
  const asked = Promise.withResolvers<void>();
  await using editor = await openEditor(argsFor(at, provider), () => {
    asked.resolve();
    return new Promise(() => {});
  });
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const streaming = editor.agent.request("session/prompt", { sessionId, prompt: [text("Hi")] });
  await editor.update(({ sessionUpdate }) => sessionUpdate === "agent_message_chunk");
  await editor.agent.notify("session/cancel", { sessionId });
  assert.equal((await streaming).stopReason, "cancelled");
  held.resolve();
  const asking = editor.agent.request("session/prompt", { sessionId, prompt: [text("Write")] });
  await asked.promise;
  await editor.agent.notify("session/cancel", { sessionId });
  assert.equal((await asking).stopReason, "cancelled");
  assert.equal(at.exists("a.txt"), false);
});

Deno.test("session/load replays the conversation of another process, and it goes on", async () => {
  using at = playground();
  at.write("a.txt", "content of a\n");
  await using provider = serveScript([
    { text: "Let me look. ", calls: [{ name: "read_file", arguments: { path: "a.txt" } }] },
    "It has content.",
    "Again.",
  ]);
  const args = argsFor(at, provider);
  let sessionId: string;
  {
    await using editor = await openEditor(args);
    ({ sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] }));
    await editor.agent.request("session/prompt", { sessionId, prompt: [text("What is in a?")] });
  }
  await using editor = await openEditor(args);
  await editor.agent.request("session/load", { sessionId, cwd: at.workspace, mcpServers: [] });
  assert.deepEqual(
    editor.updates.map(({ update }) => update.sessionUpdate).filter((kind) => kind !== "available_commands_update"),
    ["user_message_chunk", "agent_message_chunk", "tool_call", "tool_call_update", "agent_message_chunk"],
  );
  assert.equal(editor.said(), "Let me look. It has content.");
  await editor.agent.request("session/prompt", { sessionId, prompt: [text("And now?")] });
  assert.match(JSON.stringify(provider.requests[2]?.input), /What is in a\?/);
  const { sessions } = await editor.agent.request("session/list", { cwd: at.workspace });
  assert.deepEqual(sessions.map(({ title }) => title), ["What is in a?"]);
});

Deno.test("two sessions of one folder work side by side, each with its own answers", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([
    { text: "First ", until: held.promise },
    "Second.",
  ]);
  await using editor = await openEditor(argsFor(at, provider));
  const open = () => editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const [first, second] = [await open(), await open()];
  const waiting = editor.agent.request("session/prompt", { sessionId: first.sessionId, prompt: [text("One")] });
  await provider.request(1);
  const done = await editor.agent.request("session/prompt", { sessionId: second.sessionId, prompt: [text("Two")] });
  held.resolve();
  assert.deepEqual([done.stopReason, (await waiting).stopReason], ["end_turn", "end_turn"]);
  const saidIn = (sessionId: string) =>
    editor.updates.filter((update) => update.sessionId === sessionId).map(({ update }) =>
      update.sessionUpdate === "agent_message_chunk" && update.content.type === "text" ? update.content.text : ""
    ).join("");
  assert.deepEqual([saidIn(first.sessionId), saidIn(second.sessionId)], ["First ", "Second."]);
});

Deno.test("a command of the program is answered without a model", async () => {
  using at = playground();
  await using provider = serveScript([]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const { stopReason } = await editor.agent.request("session/prompt", { sessionId, prompt: [text("/permissions")] });
  assert.equal(stopReason, "end_turn");
  assert.match(editor.said(), /Approval level: \*\*ask\*\*/);
  assert.deepEqual(provider.requests, []);
});

Deno.test("an unknown session, a relative folder and an unknown method are refused in the protocol's words", async () => {
  using at = playground();
  await using editor = await openEditor(argsFor(at));
  const { agent } = editor;
  await assert.rejects(agent.request("session/prompt", { sessionId: "session_1", prompt: [text("x")] }), {
    code: -32602,
  });
  await assert.rejects(agent.request("session/new", { cwd: "relative", mcpServers: [] }), { code: -32602 });
  await assert.rejects(agent.request("session/fly", {}), { code: -32601 });
  const load = { sessionId: "session_00000000000000000000000000000009", cwd: at.workspace, mcpServers: [] };
  await assert.rejects(agent.request("session/load", load), { code: -32602 });
});

Deno.test("a folder the program has no grant for is refused with the flag", async () => {
  using at = playground();
  using other = playground();
  await using editor = await openEditor(argsFor(at));
  await assert.rejects(
    editor.agent.request("session/new", { cwd: other.workspace, mcpServers: [] }),
    (error: Error) => error.message.includes(`--allow-read=${other.workspace}`),
  );
});

Deno.test("the end of the input in the middle of a turn ends the process", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([{ text: "Thinking ", until: held.promise }]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const prompt = editor.agent.request("session/prompt", { sessionId, prompt: [text("Hi")] }).catch(() => {});
  await provider.request(1);
  await editor.process.stdin.close().catch(() => {});
  const { code } = await editor.process.status;
  held.resolve();
  await prompt;
  assert.equal(code, 0);
});

Deno.test("two loads of one session at once leave one of it", async () => {
  using at = playground();
  await using provider = serveScript(["Noted.", "Once."]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  await editor.agent.request("session/prompt", { sessionId, prompt: [text("Hi")] });
  const load = () => editor.agent.request("session/load", { sessionId, cwd: at.workspace, mcpServers: [] });
  await Promise.all([load(), load()]);
  const owners = [...Deno.readDirSync(`${projectOf(at)}/owners`)];
  assert.equal(owners.length, 1, owners.map(({ name }) => name).join());
});

Deno.test("a question the editor went away from is asked again when the session is loaded", async () => {
  using at = playground();
  const calls = [{ name: "write_file", arguments: { path: "new.txt", content: "x" } }];
  await using provider = serveScript([{ calls }, "Done."]);
  const asked = Promise.withResolvers<void>();
  let sessionId = "";
  {
    await using editor = await openEditor(argsFor(at, provider), () => {
      asked.resolve();
      return new Promise(() => {});
    });
    ({ sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] }));
    editor.agent.request("session/prompt", { sessionId, prompt: [text("Make it")] }).catch(() => {});
    await asked.promise;
  }
  await using editor = await openEditor(argsFor(at, provider), allow);
  await editor.agent.request("session/load", { sessionId, cwd: at.workspace, mcpServers: [] });
  await editor.update(({ sessionUpdate }) => sessionUpdate === "agent_message_chunk");
  assert.deepEqual(editor.questions.map(({ toolCall }) => toolCall.title), ["Create new.txt"]);
  assert.equal(at.read("new.txt"), "x");
});

Deno.test("a prompt takes the place of a question nobody answers", async () => {
  using at = playground();
  const calls = [{ name: "write_file", arguments: { path: "new.txt", content: "x" } }];
  await using provider = serveScript([{ calls }, "Another matter."]);
  const asked = Promise.withResolvers<void>();
  await using editor = await openEditor(argsFor(at, provider), () => {
    asked.resolve();
    return new Promise(() => {});
  });
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const first = editor.agent.request("session/prompt", { sessionId, prompt: [text("Make it")] });
  await asked.promise;
  const second = await editor.agent.request("session/prompt", { sessionId, prompt: [text("Never mind")] });
  assert.deepEqual([(await first).stopReason, second.stopReason], ["cancelled", "end_turn"]);
  assert.equal(editor.said(), "Another matter.");
  assert.equal(at.exists("new.txt"), false);
});

Deno.test("a cancel right after its prompt is not lost", async () => {
  using at = playground();
  await using provider = serveScript(["Never said."]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const prompting = editor.agent.request("session/prompt", { sessionId, prompt: [text("Hi")] });
  await editor.agent.notify("session/cancel", { sessionId });
  assert.equal((await prompting).stopReason, "cancelled");
  assert.equal(editor.said(), "");
});

Deno.test("a signal ends the process in order, with the command that runs", async () => {
  using at = playground();
  await using provider = serveScript([
    {
      calls: [{
        name: "bash",
        arguments: { command: "trap 'touch ended; exit' TERM; echo begun; while :; do sleep 0.05; done" },
      }],
    },
  ]);
  const args = [...argsFor(at, provider).filter((arg) => arg !== "--no-bash"), "--approval", "auto"];
  await using editor = await openEditor(args);
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  const prompt = editor.agent.request("session/prompt", { sessionId, prompt: [text("Hi")] }).catch(() => {});
  // What a command prints is shown while it runs.
  await editor.update((update) =>
    update.sessionUpdate === "tool_call_update" && JSON.stringify(update.content ?? "").includes("begun")
  );
  editor.process.kill("SIGTERM");
  const { code } = await editor.process.status;
  await prompt;
  assert.deepEqual([code, at.exists("ended")], [0, true]);
});

Deno.test("a turn that fails is an error with the provider's words", async () => {
  using at = playground();
  await using provider = serveScript([{ status: 401 }]);
  await using editor = await openEditor(argsFor(at, provider));
  const { sessionId } = await editor.agent.request("session/new", { cwd: at.workspace, mcpServers: [] });
  await assert.rejects(
    editor.agent.request("session/prompt", { sessionId, prompt: [text("Hi")] }),
    /scripted failure/,
  );
});

function text(said: string): ContentBlock {
  return { type: "text", text: said };
}

function projectOf({ dataDir }: Playground): string {
  const [project] = [...Deno.readDirSync(`${dataDir}/projects`)];
  return `${dataDir}/projects/${project?.name}`;
}

function toolUpdates(updates: readonly { readonly update: object }[]): ToolCallUpdate[] {
  return updates.map(({ update }) => update).filter((update): update is ToolCallUpdate =>
    "sessionUpdate" in update && update.sessionUpdate === "tool_call_update" && "status" in update &&
    update.status !== "in_progress"
  );
}
