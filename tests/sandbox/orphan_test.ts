/**
 * What becomes of a child whose host is killed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readLines } from "../../src/sandbox/line_reader.ts";

/** Waits in a process of its own, which may look at all others, until one is gone; exits 1 when it stays. */
const AWAIT_DEATH = `
const stat = "/proc/" + Deno.args[0] + "/stat";
for (let i = 0; i < 600; i++) {
  let text = "";
  try { text = Deno.readTextFileSync(stat); } catch { Deno.exit(0); }
  // A dead process whose parent does not ask for its status stays as a zombie.
  if (/\\) Z /.test(text)) Deno.exit(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
Deno.exit(1);
`;

Deno.test({
  name: "a child whose host is killed ends by itself, also when its code spins",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const host = new Deno.Command("deno", {
      args: ["run", "--no-prompt", "--allow-run=deno", new URL("./fixtures/abandoned_host.ts", import.meta.url).href],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let pid = "";
    for await (const line of readLines(host.stdout, { maxLineBytes: 100, maxBytes: 1_000, maxLines: 10 })) {
      pid = line;
      break;
    }
    host.kill("SIGKILL");
    await host.status;
    assert.match(pid, /^\d+$/);
    const { code } = await new Deno.Command("deno", { args: ["eval", AWAIT_DEATH, pid], stdin: "null" }).output();
    assert.equal(code, 0, `process ${pid} is alive`);
  },
});
