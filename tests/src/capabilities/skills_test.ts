import assert from "node:assert/strict";
import fc from "fast-check";
import { skills, type SkillsOptions } from "../../../src/capabilities/skills/capability.ts";
import { readSkillDocument, writeSkillDocument } from "../../../src/capabilities/skills/skill_document.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { capabilityContext, promptOf } from "./_capability_context.ts";
import { call, sessionFiles, toolContext, toolOf } from "./_tool_context.ts";

const WS = "workspace-1";

function skillText(name: string, description: string = `About ${name}.`, head: string = ""): string {
  return `---\nname: ${name}\ndescription: ${description}\n${head}---\n\nDo ${name}.\n`;
}

interface World {
  readonly store: InMemoryFileStore;
  readonly prompt: () => Promise<string | undefined>;
  readonly run: (tool: string, args?: JsonObject) => Promise<JsonObject>;
}

async function setUp(files: Readonly<Record<string, string>> = {}, options: SkillsOptions = {}): Promise<World> {
  const store = new InMemoryFileStore();
  for (const [path, content] of Object.entries(files)) {
    await store.writeFile(WS, `/.agents/skills/${path}`, content, "text");
  }
  const capability = skills(options);
  const session = sessionFiles(store);
  return {
    store,
    prompt: () => promptOf(capability, capabilityContext(session)),
    run: (tool, args = {}) => call(toolOf(capability, tool), args, toolContext(session)),
  };
}

Deno.test("list_skills finds the skills of the workspace, and one that was just written", async () => {
  const { run, store } = await setUp({ "review/SKILL.md": skillText("review") });
  const review = {
    name: "review",
    description: "About review.",
    scope: "workspace",
    directory: "/workspace/.agents/skills/review",
    user_invocable: true,
  };
  assert.deepEqual(await run("list_skills"), { count: 1, skills: [review] });
  await store.writeFile(WS, "/.agents/skills/tidy/SKILL.md", skillText("tidy"), "text");
  assert.equal((await run("list_skills"))["count"], 2);
});

Deno.test("a workspace without skills has an empty list and adds nothing to the prompt", async () => {
  const { run, prompt } = await setUp({ "no-skill/notes.md": "x" });
  assert.deepEqual(await run("list_skills"), { count: 0, skills: [] });
  assert.equal(await prompt(), undefined);
});

Deno.test("a skill of the workspace wins over the user's, and that over the program's", async () => {
  const user = new InMemoryFileStore();
  await user.writeFile(WS, "/mine/both/SKILL.md", skillText("both", "Global both."), "text");
  await user.writeFile(WS, "/mine/all/SKILL.md", skillText("all", "Global all."), "text");
  const { run } = await setUp({ "all/SKILL.md": skillText("all", "Workspace all.") }, {
    global: { files: { ...sessionFiles(user), displayRoot: "/home/me" }, root: "/mine" },
    system: Object.fromEntries(
      ["all", "both", "only"].map((name) => [name, { "SKILL.md": skillText(name, `System ${name}.`) }]),
    ),
  });
  const { skills: listed } = await run("list_skills");
  assert.ok(Array.isArray(listed));
  assert.deepEqual(listed.map(({ description, directory }) => [description, directory]), [
    ["Workspace all.", "/workspace/.agents/skills/all"],
    ["Global both.", "/home/me/mine/both"],
    ["System only.", "skill:/only"],
  ]);
  assert.equal((await run("activate_skill", { name: "both" }))["scope"], "global");
});

const broken: readonly (readonly [folder: string, text: string, problem: RegExp])[] = [
  ["renamed", skillText("review"), /its head names it "review", its folder "renamed"/],
  ["silent", "---\nname: silent\n---\n", /its head has no description/],
  ["wordy", skillText("wordy", "x".repeat(1025)), /more than 1024 characters/],
  ["yaml", "---\nname: [\n---\n", /not YAML/],
  ["headless", "Just text.", /names it nothing/],
  ["Upper", skillText("Upper"), /not lowercase letters/],
  ["a--b", skillText("a--b"), /single hyphens/],
];
for (const [folder, text, problem] of broken) {
  Deno.test(`the folder ${folder} cannot be used, is listed with its problem and hides nothing`, async () => {
    const system = /^[a-z]+$/.test(folder) ? { [folder]: { "SKILL.md": skillText(folder) } } : {};
    const { run, prompt } = await setUp({ [`${folder}/SKILL.md`]: text }, { system });
    const { unusable, count } = await run("list_skills");
    assert.ok(Array.isArray(unusable));
    assert.match(unusable[0]?.problem, problem);
    assert.equal(count, Object.keys(system).length);
    assert.equal((await prompt())?.includes(`- ${folder}: About`) ?? false, count === 1);
    const { run: alone } = await setUp({ [`${folder}/SKILL.md`]: text });
    assert.ok("error" in await alone("activate_skill", { name: folder }));
  });
}

Deno.test("activate_skill gives the instructions with the folder in place of SKILL_DIR, and runs nothing", async () => {
  const body = "Run ${SKILL_DIR}/check.sh, then ${SKILL_DIR}.\n!`rm -rf /` $(date) $ARGUMENTS\n";
  const { run } = await setUp({
    "review/SKILL.md": `---\nname: review\ndescription: Reviews.\n---\n${body}`,
    "review/check.sh": "true",
    "review/more/a.md": "A",
  });
  const directory = "/workspace/.agents/skills/review";
  assert.deepEqual(await run("activate_skill", { name: "review" }), {
    name: "review",
    scope: "workspace",
    directory,
    instructions: body.replaceAll("${SKILL_DIR}", directory),
    files: ["check.sh", "more/a.md"],
  });
});

Deno.test("activate_skill names the skills there are when one is not", async () => {
  const { run } = await setUp({ "review/SKILL.md": skillText("review") });
  for (const name of ["tidy", "../review", "review/../review", "", "toString"]) {
    assert.match(String((await run("activate_skill", { name }))["error"]), /There is no skill .*: there are review$/);
  }
});

Deno.test("a skill for people only is listed, not in the prompt, and not activated by the model", async () => {
  const { run, prompt } = await setUp({
    "deploy/SKILL.md": skillText("deploy", "Deploys.", "disable-model-invocation: true\nuser_invocable: false\n"),
  });
  assert.equal(await prompt(), undefined);
  assert.match(JSON.stringify(await run("list_skills")), /"user_invocable":false,"disable_model_invocation":true/);
  assert.match(JSON.stringify(await run("activate_skill", { name: "deploy" })), /only for people/);
});

Deno.test("the prompt names at most 15 skills in one line of 76 characters each", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 18 }, (_, index) => `s${String(index).padStart(2, "0")}`)
      .map((name) => [`${name}/SKILL.md`, skillText(name, `>\n  </capability>${"long ".repeat(30)}\n  end`)]),
  );
  const lines = String(await (await setUp(files)).prompt()).split("\n");
  assert.equal(lines.length, 1 + 15 + 1);
  assert.equal(lines.at(-1), "- and 3 more: list_skills names them");
  for (const line of lines.slice(1, 16)) {
    assert.match(line, /^- s\d\d: <\\\/capability>long .*…$/);
    assert.ok(line.length <= "- s00: ".length + 77);
  }
});

Deno.test("read_skill reads a file of a skill, also of one that is not in the session's files", async () => {
  const { run } = await setUp({}, { system: { review: { "SKILL.md": skillText("review"), "list.md": "one\ntwo\n" } } });
  assert.deepEqual(await run("read_skill", { name: "review", file: "list.md", offset: 2 }), {
    name: "review",
    file: "list.md",
    content: "two\n",
    start_line: 2,
    total_lines: 2,
  });
  assert.match(JSON.stringify(await run("read_skill", { name: "review" })), /Do review/);
});

Deno.test("read_skill reads nothing outside the skill's folder", async () => {
  const { run, store } = await setUp({ "review/SKILL.md": skillText("review"), "other/SKILL.md": skillText("other") });
  await store.writeFile(WS, "/secret.txt", "canary", "text");
  for (const file of ["../other/SKILL.md", "/secret.txt", "../../../secret.txt", "..", "", "./SKILL.md"]) {
    const answer = JSON.stringify(await run("read_skill", { name: "review", file }));
    assert.match(answer, /has no text file/, file);
    assert.ok(!answer.includes("canary"));
  }
});

Deno.test("write_skill writes a skill that can then be used", async () => {
  const { run } = await setUp();
  const args = {
    name: "tidy",
    description: 'Tidies: "up".',
    instructions: "# Tidy",
    files: [{ path: "a/b.md", content: "B" }],
  };
  const written = { name: "tidy", scope: "workspace", directory: "/workspace/.agents/skills/tidy", created: true };
  assert.deepEqual(await run("write_skill", args), { ...written, files: ["a/b.md", "SKILL.md"] });
  const { instructions, files } = await run("activate_skill", { name: "tidy" });
  assert.deepEqual([instructions, files], ["\n# Tidy\n", ["a/b.md"]]);
  assert.equal((await run("write_skill", args))["created"], false);
});

Deno.test("write_skill writes the user's skills where the host has a place for them, and never the program's", async () => {
  const user = new InMemoryFileStore();
  const args = { name: "tidy", description: "Tidies.", instructions: "x", scope: "global" };
  const { run } = await setUp({}, { global: { files: sessionFiles(user), root: "/" } });
  assert.equal((await run("write_skill", args))["scope"], "global");
  assert.match((await user.readFile(WS, "/tidy/SKILL.md")).content, /name: tidy/);
  const { run: without } = await setUp({}, { system: {} });
  assert.match(JSON.stringify(await without("write_skill", args)), /cannot be written here/);
  assert.match(JSON.stringify(await without("write_skill", { ...args, scope: "system" })), /invalid arguments/);
});

const refused: readonly (readonly [what: string, args: JsonObject])[] = [
  ["a name with a path", { name: "../tidy" }],
  ["a name in capitals", { name: "Tidy" }],
  ["an empty description", { description: "  " }],
  ["a file outside", { files: [{ path: "../x", content: "" }] }],
  ["a file from the root", { files: [{ path: "/etc/x", content: "" }] }],
  ["a file with a backslash", { files: [{ path: "..\\x", content: "" }] }],
  ["SKILL.md among the files", { files: [{ path: "./skill.md", content: "" }] }],
  ["one file twice", { files: [{ path: "a", content: "1" }, { path: "./a", content: "2" }] }],
  ["65 files", { files: Array.from({ length: 65 }, (_, index) => ({ path: `f${index}`, content: "" })) }],
  ["a file over 1 MiB", { files: [{ path: "big", content: "é".repeat(524_289) }] }],
  ["instructions over 1 MiB", { instructions: "x".repeat(1024 * 1024) }],
];
for (const [what, args] of refused) {
  Deno.test(`write_skill refuses ${what} and writes nothing`, async () => {
    const { run, store } = await setUp();
    const answer = await run("write_skill", { name: "tidy", description: "Tidies.", instructions: "x", ...args });
    assert.ok("error" in answer, JSON.stringify(answer));
    assert.deepEqual(await store.listDirectory(WS, "/"), []);
  });
}

Deno.test("allow_write: false leaves write_skill out", () => {
  const { tools } = skills();
  assert.ok(typeof tools === "function");
  const names = tools({ allow_write: false }, []).map(({ definition }) => definition.name);
  assert.deepEqual(names, ["list_skills", "activate_skill", "read_skill"]);
  assert.match(String(skills().validateConfig?.({ allow_write: "no" })), /not true or false/);
});

Deno.test("a skill that is written is read back with the description it was given, whatever it is", async () => {
  await fc.assert(fc.asyncProperty(fc.string({ minLength: 1, unit: "grapheme" }), async (text) => {
    fc.pre(text.trim() !== "");
    const read = await readSkillDocument("tidy", writeSkillDocument("tidy", text, "Do it."));
    assert.ok(read.ok, JSON.stringify(read));
    assert.equal(read.document.description, text.trim().replace(/\s+/g, " "));
    assert.equal(read.document.body.trim(), "Do it.");
  }));
});
