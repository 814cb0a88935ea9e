/**
 * Judges what the conformance suite printed: a scenario that checked nothing has not passed.
 *
 * @module
 */

/** What the suite says about one requirement set. */
export interface Report {
  /** Scored scenarios that passed with at least one check. */
  readonly passed: readonly string[];
  /** Scored scenarios that failed, checked nothing, or were never run; with the reason after a colon. */
  readonly failed: readonly string[];
  /** Scenarios that are run and never scored, with their result. */
  readonly unscored: readonly string[];
}

/**
 * Reads the output of `conformance client` and of `conformance list --client`.
 *
 * The suite itself calls a scenario with no check a success, also for a client that does nothing at all.
 */
export function score(output: string, listing: string): Report {
  const [wanted, never] = scenariosOf(listing);
  const results = new Map<string, { readonly passed: number; readonly failed: number }>();
  for (const [, name = "", passed, failed] of output.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed/gm)) {
    results.set(name, { passed: Number(passed), failed: Number(failed) });
  }
  const report = { passed: [] as string[], failed: [] as string[], unscored: [] as string[] };
  for (const name of wanted) {
    const result = results.get(name);
    if (result === undefined) report.failed.push(`${name}: was not run`);
    else if (result.failed > 0) report.failed.push(`${name}: ${result.failed} of its checks failed`);
    else if (result.passed === 0) report.failed.push(`${name}: checked nothing`);
    else report.passed.push(name);
  }
  for (const name of never) {
    const { passed = 0, failed = 0 } = results.get(name) ?? {};
    report.unscored.push(`${name}: ${passed} passed, ${failed} failed`);
  }
  if (wanted.length === 0) report.failed.push("the suite listed no scenario");
  return report;
}

/** What `conformance client --scenario NAME` printed, in the form of a set's line. */
export function lineOfOne(name: string, output: string): string {
  const [, passed = "0", failed = "1"] = /^Passed: (\d+)\/\d+, (\d+) failed/m.exec(output) ?? [];
  return `${failed === "0" ? "✓" : "✗"} ${name}: ${passed} passed, ${failed} failed\n`;
}

/** The scored client scenarios of a listing, and those never scored. */
function scenariosOf(listing: string): readonly [scored: string[], never: string[]] {
  const [, client = ""] = listing.split(/^Client scenarios.*$/m);
  const [scored = "", never = ""] = client.split(/^Run and reported, but never scored.*$/m);
  const names = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name = ""]) => name);
  return [names(scored, /^ +- (\S+)$/gm), names(never, /^ +- (\S+) \[client\]$/gm)];
}
