/**
 * Runs the official conformance suite of MCP against `tests/mcp/conformance_client.ts`.
 *
 *     deno task mcp:conformance [REVISION ...]
 *
 * Both requirement sets by default, each at its own revision; fails unless every scored scenario passed with at least
 * one check.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { lineOfOne, score } from "./score.ts";

const SUITE = "npm:@modelcontextprotocol/conformance@0.2.0-alpha.12";
/** Most milliseconds of one scenario: all of a set run at once, each a process of its own. */
const TIMEOUT_MS = 120_000;
/** Most milliseconds of one run of the suite, which does not end when a client of it hangs. */
const SUITE_MS = 240_000;
const ENV = "MCP_CONFORMANCE_SCENARIO,MCP_CONFORMANCE_PROTOCOL_VERSION,MCP_CONFORMANCE_CONTEXT";
const CLIENT =
  `deno run --no-prompt --allow-net=localhost,127.0.0.1 --allow-env=${ENV} tests/mcp/conformance_client.ts`;

const revisions = Deno.args.length > 0 ? Deno.args : ["2025-11-25", "2026-07-28"];
const checkout = fileURLToPath(new URL("../../../", import.meta.url));
let passed = 0;
let failed = 0;

await deno("cache", "-q", "tests/mcp/conformance_client.ts");
for (const revision of revisions) {
  const listing = await suite("list", "--client", "--requirements", revision);
  let output = await suite(
    "client",
    "--command",
    CLIENT,
    "--requirements",
    revision,
    "--timeout",
    String(TIMEOUT_MS),
  );
  let report = score(output, listing);
  // What failed runs once more, alone: on a busy machine a whole set can be too much for the suite's own deadlines.
  for (const line of report.failed) {
    const [name = ""] = line.split(": ");
    const alone = ["--scenario", name, "--spec-version", revision, "--timeout", String(TIMEOUT_MS)];
    output += lineOfOne(name, await suite("client", "--command", CLIENT, ...alone));
  }
  report = score(output, listing);
  console.log(`Requirements of ${revision}`);
  for (const name of report.passed) console.log(`  ok      ${name}`);
  for (const line of report.failed) console.log(`  FAILED  ${line}`);
  for (const line of report.unscored) console.log(`  (not scored) ${line}`);
  if (report.failed.length > 0) console.log(output.slice(-20_000));
  passed += report.passed.length;
  failed += report.failed.length;
}
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);

/** What the suite prints; it wants all permissions. */
function suite(...args: readonly string[]): Promise<string> {
  return deno("run", "-A", "--no-config", SUITE, ...args);
}

/** What `deno` prints, whether it succeeds or not. */
async function deno(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: [...args],
    cwd: checkout,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(SUITE_MS),
  }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}
