/**
 * What a command gets of its host: the folder and the environment it is given, and nothing else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { bash, run } from "./_bash.ts";

/** What bash itself sets. */
const OF_BASH = ["PWD", "SHLVL", "_"];

Deno.test("a command gets the declared environment and nothing of the host's", async () => {
  const inherited = await new Deno.Command("bash", { args: ["-c", "env"] }).output();
  assert.match(new TextDecoder().decode(inherited.stdout), /^HOME=/m, "the host has something to leak");
  const env = { PATH: "/usr/bin:/bin", TOKEN_OF_TEST: "told" };
  const { stdout } = await bash({ command: "env" }, { env });
  const names = String(stdout).trim().split("\n").map((line) => line.replace(/=.*/, ""));
  assert.deepEqual(names.sort(), [...OF_BASH, ...Object.keys(env)].sort());
});

Deno.test("what runs around a command has no say in its variables, whatever their names", async () => {
  const env = { input: "a", group: "b", watcher: "c", code: "d", i: "e" };
  const { stdout } = await run("cat; echo $input$group$watcher$code$i", { env, stdin: "payload\n" });
  assert.equal(stdout, "payload\nabcde\n");
});

Deno.test("without an environment there is none", async () => {
  const { stdout } = await bash({ command: "env" });
  const names = String(stdout).trim().split("\n").map((line) => line.replace(/=.*/, ""));
  assert.deepEqual(names.sort(), OF_BASH);
});

for (const path of ["/nonexistent", "/bin:/usr/bin", ""]) {
  Deno.test(`commands get the search path "${path}", whatever file of bash is granted`, async () => {
    const { stdout, exit_code } = await bash({ command: 'echo "$PATH $SHLVL"' }, { env: { PATH: path } });
    assert.deepEqual([stdout, exit_code], [`${path} 1\n`, 0]);
  });
}

Deno.test("a command runs in the folder of its workspace", async () => {
  const folders: string[] = [];
  const { stdout } = await bash({ command: "pwd" }, {
    cwd: (workspaceId) => {
      folders.push(workspaceId);
      return "/tmp";
    },
  });
  assert.deepEqual([stdout, folders], ["/tmp\n", ["workspace-1"]]);
});

Deno.test("no startup file is read unless `login` says so", async () => {
  const made = await bash({ command: "mktemp -d; true" });
  const HOME = String(made["stdout"]).trim();
  const files = `for file in .bashrc .bash_profile .profile; do echo "echo read $file" > "$HOME/$file"; done`;
  try {
    await bash({ command: files }, { env: { HOME } });
    assert.equal((await bash({ command: "echo quiet" }, { env: { HOME } }))["stdout"], "quiet\n");
    const login = await bash({ command: "echo loud" }, { login: true, env: { HOME } });
    assert.match(String(login["stdout"]), /read \.bash_profile\nloud\n$/);
  } finally {
    await bash({ command: 'rm -r "$HOME"' }, { env: { HOME } });
  }
});

Deno.test("a command that begins with a dash is a command", async () => {
  assert.equal((await bash({ command: "-c 'echo no'" }))["exit_code"], 127);
});

Deno.test("a command whose folder does not exist is an error that says so", async () => {
  const { error } = await bash({ command: "true" }, { cwd: "/does/not/exist" });
  assert.match(String(error), /"\/does\/not\/exist" was not found/);
});

Deno.test(
  "a shell that is not granted is an error that names the flag",
  { permissions: { run: ["bash", "deno"] } },
  async () => {
    const { error } = await bash({ command: "true" }, { shell: "/opt/bash" });
    assert.match(String(error), /run with --allow-run=\/opt\/bash/);
  },
);

Deno.test(
  "a variable that Deno refuses is an error in its words",
  { permissions: { run: ["bash", "deno"] } },
  async () => {
    const { error } = await bash({ command: "true" }, { env: { LD_PRELOAD: "/x.so" } });
    assert.match(String(error), /LD_PRELOAD/);
  },
);
