/**
 * The flags `--permissions` prints: they are enough, and not one is too many.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseExampleCommand } from "../../../tests/_support/example_command.ts";
import { argsFor, flagsFor, playground, runCli, startCliInPty } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

/** Everything that needs a grant: folders, a provider, commands, variables. */
function everything(at: Parameters<typeof argsFor>[0], provider: Parameters<typeof argsFor>[1]): readonly string[] {
  return argsFor(at, provider).filter((arg) => arg !== "--no-bash");
}

Deno.test("the printed flags are enough for files, commands and the provider", async () => {
  using at = playground();
  await using provider = serveScript([
    {
      calls: [
        { name: "write_file", arguments: { path: "a.txt", content: "made" } },
        { name: "bash", arguments: { command: "cat a.txt" } },
        { name: "remember", arguments: { title: "A thing", content: "worth knowing" } },
      ],
    },
    "Done.",
  ]);
  const { code, stderr } = await runCli([...everything(at, provider), "--approval", "auto", "-p", "Work"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(JSON.stringify(provider.requests[1]?.input), /made/);
  assert.doesNotMatch(JSON.stringify(provider.requests[1]?.input), /NotCapable|not granted/);
});

Deno.test("without any one of the printed grants it exits 2 and names it, before anything is sent", async () => {
  using at = playground();
  await using provider = serveScript([]);
  const args = everything(at, provider);
  const flags = await flagsFor([...args, "-p", "Hi"]);
  const grants = flags.flatMap((flag) => {
    const [kind = "", values = ""] = flag.split("=");
    return values === "" ? [] : values.split(",").map((value) => ({ flag, kind, value }));
  });
  assert.deepEqual([...new Set(grants.map(({ kind }) => kind))], [
    "--allow-read",
    "--allow-write",
    "--allow-net",
    "--allow-run",
    "--allow-env",
  ]);
  for (const { flag, kind, value } of grants) {
    const others = flag.slice(kind.length + 1).split(",").filter((other) => other !== value);
    const rest = flags.filter((other) => other !== flag);
    const lacking = others.length === 0 ? rest : [...rest, `${kind}=${others.join(",")}`];
    const { code, stderr } = await runCli([...args, "-p", "Hi"], { flags: lacking });
    assert.equal(code, 2, `${kind}=${value}: ${stderr}`);
    assert.ok(stderr.includes(`not granted: ${kind}=`) && stderr.includes(value), stderr);
  }
  assert.deepEqual(provider.requests, []);
});

Deno.test("without bash and a provider on the net only the two folders are asked for", async () => {
  using at = playground();
  assert.deepEqual(await flagsFor([...argsFor(at), "-p", "Hi"]), [
    "--no-prompt",
    `--allow-read=${at.dataDir},${at.workspace}`,
    `--allow-write=${at.dataDir},${at.workspace}`,
  ]);
});

Deno.test("a conversation in a terminal needs to know what kind of terminal it is", async () => {
  using at = playground();
  const flags = await flagsFor(argsFor(at));
  assert.ok(flags.includes("--allow-env=TERM"), flags.join(" "));
  await using pty = startCliInPty(flags.filter((flag) => flag !== "--allow-env=TERM"), argsFor(at));
  await pty.until("not granted: --allow-env=TERM");
  await pty.until("[exit 2]");
});

Deno.test("reading the web needs the whole net, and says so when it lacks", async () => {
  using at = playground();
  const args = argsFor(at).filter((arg) => arg !== "--no-web");
  const flags = await flagsFor(args);
  assert.ok(flags.includes("--allow-net"), flags.join(" "));
  const { code, stderr } = await runCli([...args, "-p", "Hi"], {
    flags: flags.filter((flag) => flag !== "--allow-net"),
  });
  assert.equal(code, 2);
  assert.match(stderr, /not granted: --allow-net\n.*--no-web/);
});

Deno.test("the printed flags are enough for folders that are named by links", async () => {
  using at = playground();
  Deno.mkdirSync(at.dataDir);
  const linked = { ...at, workspace: `${at.root}/link`, dataDir: `${at.root}/data_link` };
  await using provider = serveScript([
    { calls: [{ name: "write_file", arguments: { path: "a.txt", content: "x" } }] },
    "Done.",
  ]);
  await link(at.workspace, linked.workspace);
  await link(at.dataDir, linked.dataDir);
  const { code, stderr } = await runCli([...argsFor(linked, provider), "--approval", "auto", "-p", "Work"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(at.read("a.txt"), "x");
});

Deno.test("the data folder of the environment needs the variables that name it", async () => {
  using at = playground();
  const args = ["-C", at.workspace, "--provider", "llmsim", "--no-bash", "--no-web", "-p", "Hi"];
  const flags = await flagsFor(args, { XDG_DATA_HOME: at.root });
  assert.ok(flags.includes("--allow-env=HOME,XDG_DATA_HOME"), flags.join(" "));
  assert.ok(flags.includes(`--allow-read=${at.root}/coding_cli,${at.workspace}`), flags.join(" "));
});

Deno.test("the command of the first line runs offline", async () => {
  using at = playground();
  const { flags, args } = parseExampleCommand(
    "examples/coding_cli/main.ts",
    Deno.readTextFileSync(new URL("../main.ts", import.meta.url)),
  );
  const { code, stdout, stderr } = await runCli(args, { flags, cwd: at.workspace });
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "Echo: Hello\n", stderr: "" });
});

/** Makes a link in a process of its own: Deno makes none with a scoped grant. */
async function link(target: string, path: string): Promise<void> {
  const code = `Deno.symlinkSync(${JSON.stringify(target)}, ${JSON.stringify(path)})`;
  const { success } = await new Deno.Command("deno", { args: ["eval", code] }).output();
  assert.ok(success);
}
