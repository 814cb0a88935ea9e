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
import { spawnDenoOk } from "./_support/spawn_deno.ts";

for (const file of filesUnder("examples").filter((file) => /^examples\/[^/]+\.ts$/.test(file))) {
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

function inherited(...names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = Deno.env.get(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
}
