/**
 * Every example with the command of its first line; those for a provider against a fake of it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkoutRoot, filesUnder, readCheckoutFile, tempFolder } from "./_support/checkout.ts";
import { parseExampleCommand, redirectNet } from "./_support/example_command.ts";
import { serveFakeOpenai } from "./_support/fake_openai.ts";
import { serveFakeProviders } from "./_support/fake_providers.ts";
import { spawnDenoOk } from "./_support/spawn_deno.ts";

/** Programs of one file, and the `main.ts` of those that are a folder. */
const PROGRAM = /^examples\/([^/]+|[^/]+\/main)\.ts$/;

for (const file of filesUnder("examples").filter((file) => PROGRAM.test(file))) {
  Deno.test(`${file} runs with the flags of its first line and prints something`, async () => {
    const code = readCheckoutFile(file);
    const command = parseExampleCommand(file, code);
    // A program from npm that the example starts: fetched beforehand, with whatever a registry needs of our environment.
    for (const [program] of code.matchAll(/npm:[@\w/.-]+@\d[\d.]*/g)) {
      await spawnDenoOk(["cache", "-q", "--no-config", program], { cwd: checkoutRoot });
    }
    await using provider = serveFakeOpenai("Hello from the fake provider.");
    const { flags, redirected } = redirectNet(command.flags, provider.host);
    // Relative grants of an example mean its working folder: an empty one, not the checkout.
    using folder = tempFolder();
    const { stdout } = await spawnDenoOk(
      ["run", ...flags, join(checkoutRoot, file), ...command.args],
      {
        cwd: folder.path,
        clearEnv: true,
        env: {
          ...inherited("PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"),
          ...(redirected ? { OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey } : {}),
        },
        timeoutMs: 60_000,
      },
    );
    assert.notEqual(stdout.trim(), "");
    assert.equal(provider.requests.length > 0, redirected, "the provider's fake was not asked");
  });
}

Deno.test("examples/providers.ts asks every provider that is set up", async () => {
  await using providers = serveFakeProviders();
  const { stdout } = await runProviders(providers.env, providers.host);
  const answered = stdout.split("\n").filter((line) => /^[a-z_]+ \(.+\): \S/.test(line)).map((line) =>
    line.split(" ")[0]
  );
  assert.deepEqual(answered, ["openai", "anthropic", "gemini", "openrouter", "azure_openai", "ollama"]);
  assert.match(stdout, /ollama \(local-model\)/);
});

Deno.test("examples/providers.ts says what to set when nothing is", async () => {
  const { stdout } = await runProviders({}, "127.0.0.1:9000");
  assert.match(stdout, /gemini: set GEMINI_API_KEY, GEMINI_BASE_URL to use it/);
  assert.match(stdout, /No provider is set up/);
});

async function runProviders(env: Readonly<Record<string, string>>, host: string): Promise<{ readonly stdout: string }> {
  const file = "examples/providers.ts";
  const { flags } = redirectNet(parseExampleCommand(file, readCheckoutFile(file)).flags, host);
  using folder = tempFolder();
  return await spawnDenoOk(["run", ...flags, join(checkoutRoot, file)], {
    cwd: folder.path,
    clearEnv: true,
    env: { ...inherited("PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"), ...env },
    timeoutMs: 60_000,
  });
}

Deno.test("persistent_chat goes on with its conversation when it is run again, and with what is said to it", async () => {
  using folder = tempFolder();
  const first = await runExample("examples/persistent_chat.ts", folder.path);
  assert.match(first, /^A new conversation\nNow\n {2}user: Hello! Remember me\.\n {2}agent: Echo: Hello!/);
  const second = await runExample("examples/persistent_chat.ts", folder.path, "How", "are", "you?");
  assert.match(
    second,
    /^Going on after 2 messages\n {2}user: Hello! Remember me\.\n {2}agent: .*\nNow\n {2}user: How are/,
  );
  const third = await runExample("examples/persistent_chat.ts", folder.path);
  assert.match(third, /^Going on after 4 messages\n(.*\n){2} {2}user: How are you\?\n/);
});

Deno.test("background_and_schedules is woken by the tool, the subagent and the schedule", async () => {
  using folder = tempFolder();
  const printed = await runExample("examples/background_and_schedules.ts", folder.path);
  assert.deepEqual(
    printed.match(/woken: (Background task "\w+"|Time for tea)/g)?.toSorted(),
    ['woken: Background task "Build"', 'woken: Background task "reader"', "woken: Time for tea"],
  );
  assert.match(printed, /"Build" \(background_tool\): succeeded, \{"built":"website"\}\n/);
  assert.match(printed, /"reader" \(subagent\): succeeded, Echo: Read the notes\.\n/);
});

Deno.test("two_processes meets a busy session, and takes it over from the killed process", async () => {
  using folder = tempFolder();
  const printed = await runExample("examples/two_processes.ts", folder.path);
  assert.match(
    printed,
    /session_busy: Cannot run a turn of session .* owner "owner_\w+" of process \d+ is running one/,
  );
  assert.match(printed, /taken over and finished here\n {3}completed: Echo: Think about it for a minute\.\n/);
  assert.match(printed, /agent: Echo: Now me\.\n$/);
});

Deno.test("parseExampleCommand() reads flags and arguments from the first line", () => {
  const line = "// deno run --no-prompt --allow-net=api.openai.com examples/a.ts one two\ncode();";
  assert.deepEqual(parseExampleCommand("examples/a.ts", line), {
    flags: ["--no-prompt", "--allow-net=api.openai.com"],
    args: ["one", "two"],
  });
});

Deno.test("parseExampleCommand() refuses a line that is no command or grants too much", () => {
  const refused: readonly [line: string, reason: RegExp][] = [
    ['import "x";', /is not "\/\/ deno run/],
    ["// deno run --no-prompt examples/other.ts", /is not "\/\/ deno run/],
    ["// deno run examples/a.ts", /may prompt/],
    ["// deno run --no-prompt -A examples/a.ts", /more than named things: -A/],
    ["// deno run --no-prompt --allow-all examples/a.ts", /more than named things: --allow-all/],
    ["// deno run --no-prompt --allow-net examples/a.ts", /more than named things: --allow-net/],
  ];
  for (const [line, message] of refused) {
    assert.throws(() => parseExampleCommand("examples/a.ts", line), { message });
  }
});

Deno.test("redirectNet() swaps the host of a provider and keeps every other flag", () => {
  const flags = ["--no-prompt", "--allow-net=api.openai.com", "--allow-env=OPENAI_API_KEY"];
  assert.deepEqual(redirectNet(flags, "127.0.0.1:8000"), {
    flags: ["--no-prompt", "--allow-net=127.0.0.1:8000", "--allow-env=OPENAI_API_KEY"],
    redirected: true,
  });
});

Deno.test("redirectNet() leaves an example alone that stays on loopback or off the net", () => {
  for (const flags of [["--no-prompt"], ["--allow-net=127.0.0.1:9000"]]) {
    assert.deepEqual(redirectNet(flags, "127.0.0.1:8000"), { flags, redirected: false });
  }
});

/** What an example prints that needs no provider, in a working folder of its own. */
async function runExample(file: string, cwd: string, ...args: readonly string[]): Promise<string> {
  const { flags } = parseExampleCommand(file, readCheckoutFile(file));
  const env = inherited("PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME");
  const { stdout } = await spawnDenoOk(["run", ...flags, join(checkoutRoot, file), ...args], {
    cwd,
    clearEnv: true,
    env,
    timeoutMs: 60_000,
  });
  return stdout;
}

function inherited(...names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = Deno.env.get(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
}
