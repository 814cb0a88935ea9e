/**
 * What the agent learns without being told: instructions, skills, memory, facts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { argsFor, playground, runCli } from "./_support/run_cli.ts";
import { type ProviderRequest, serveScript } from "./_support/scripted_provider.ts";

const SKILL = "---\nname: release\ndescription: Makes a release.\n---\nTag, then publish.\n";

Deno.test("AGENTS.md of the folder and the skills of folder and user reach the model", async () => {
  using at = playground();
  at.write("AGENTS.md", "Indent with tabs.\n");
  at.write(".agents/skills/release/SKILL.md", SKILL);
  Deno.mkdirSync(`${at.dataDir}/skills/review`, { recursive: true });
  Deno.writeTextFileSync(
    `${at.dataDir}/skills/review/SKILL.md`,
    "---\nname: review\ndescription: Reviews changes.\n---\nRead all.\n",
  );
  await using provider = serveScript(["Hello."]);
  await runCli([...argsFor(at, provider), "-p", "Hi"]);
  const sent = textOf(provider.requests[0]);
  assert.match(sent, /Indent with tabs\./);
  assert.match(sent, /release: Makes a release\./);
  assert.match(sent, /review: Reviews changes\./);
});

Deno.test("a skill is a command", async () => {
  using at = playground();
  at.write(".agents/skills/release/SKILL.md", SKILL);
  await using provider = serveScript([
    { calls: [{ name: "activate_skill", arguments: { name: "release" } }] },
    "Released.",
  ]);
  await runCli([...argsFor(at, provider), "-p", "/release version 2"]);
  assert.match(textOf(provider.requests[0]), /Follow the skill \\"release\\".*version 2/);
  assert.match(textOf(provider.requests[1]), /Tag, then publish\./);
});

Deno.test("what is remembered is there in the next session of the folder, and no file of it", async () => {
  using at = playground();
  await using provider = serveScript([
    { calls: [{ name: "remember", arguments: { title: "Test command", content: "deno task ok" } }] },
    "Noted.",
    "Hello.",
  ]);
  await runCli([...argsFor(at, provider), "-p", "Remember it"]);
  await runCli([...argsFor(at, provider), "-p", "Hi"]);
  assert.match(textOf(provider.requests[2]), /- Test command/);
  assert.equal(at.exists("MEMORY.md"), false);
});

Deno.test("the model is told the folder and the branch that is checked out", async () => {
  using at = playground();
  at.write(".git/HEAD", "ref: refs/heads/feature/x\n");
  await using provider = serveScript(["Hello."]);
  await runCli([...argsFor(at, provider), "-p", "Hi"]);
  assert.match(textOf(provider.requests[0]), new RegExp(`workspace: ${at.workspace}.*git_branch: feature/x`, "s"));
});

function textOf(request: ProviderRequest | undefined): string {
  return JSON.stringify(request);
}
