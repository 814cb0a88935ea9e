/**
 * The package as its users get it: from a registry, in a project of their own, with a cold cache.
 *
 * The package itself comes from loopback; its npm dependencies come from where npm's clients find
 * them, so these tests need the npm registry.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { checkoutRoot, tempFolder } from "../_support/checkout.ts";
import { entryPoints, npmPackagesOfMain } from "../_support/entry_points.ts";
import { type JsrRegistry, serveJsrRegistry } from "../_support/jsr_registry.ts";
import { packModule, rewriteBareSpecifiers } from "../_support/packed_module.ts";
import { spawnDenoOk, type SpawnResult } from "../_support/spawn_deno.ts";

const QUICKSTART = `
import {
  CapabilityRegistry,
  DriverId,
  DriverRegistry,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  PlatformDefinition,
} from "${config.name}";

const platform = new PlatformDefinition({
  capabilities: new CapabilityRegistry(),
  drivers: new DriverRegistry(),
});
await using runtime = await new InProcessRuntimeBuilder()
  .platformDefinition(platform)
  .llmSim(LlmSimConfig.fixed("hello from everruns-runtime"))
  .defaultModel({ model: "llmsim-model", providerType: DriverId.LlmSim, apiKey: "fake-key" })
  .singleSession((s) => s.harness("assistant", "You are helpful."))
  .build();
const turn = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
console.log(turn.response);
`;

/** A project that names the package without having added it. */
const DENO_JSON = JSON.stringify({
  imports: { [config.name]: `jsr:${config.name}@${config.version}` },
});

Deno.test("after `deno add` a first turn type-checks and runs with no permission", async () => {
  await using registry = serveJsrRegistry(packModule());
  using project = newProject(registry);
  project.write("deno.json", "{}");
  project.write("main.ts", QUICKSTART);

  await project.deno("add", `jsr:${config.name}`);
  await project.deno("check", "main.ts");
  const { stdout } = await project.deno("run", "--no-prompt", "main.ts");
  assert.equal(stdout, "hello from everruns-runtime\n");
});

Deno.test('running "." fetches no npm package beyond the allowed ones', async () => {
  await using registry = serveJsrRegistry(packModule());
  using project = newProject(registry);
  // Not by `deno add`: it fetches what every entry point needs, whichever of them is used later.
  project.write("deno.json", DENO_JSON);
  project.write("main.ts", QUICKSTART);

  await project.deno("run", "--no-prompt", "main.ts");
  const fetched = project.fetchedNpmPackages();
  assert.deepEqual(fetched.filter((name) => !npmPackagesOfMain.includes(name)), []);
});

Deno.test("every entry point loads from the registry with no permission", async () => {
  await using registry = serveJsrRegistry(packModule());
  using project = newProject(registry);
  const specifiers = entryPoints.map(({ subpath }) => `${config.name}${subpath.slice(1)}`);
  project.write("deno.json", DENO_JSON);
  project.write("main.ts", specifiers.map((it) => `import ${JSON.stringify(it)};\n`).join(""));

  await project.deno("run", "--no-prompt", "main.ts");
  const missing = entryPoints.filter(({ file }) => !registry.requests.some((path) => path.endsWith(`/${file}`)));
  assert.deepEqual(missing, []);
});

Deno.test("a project that maps the name to a checkout type-checks with the compiler options of its own", async () => {
  await using registry = serveJsrRegistry(packModule());
  using project = newProject(registry);
  const names = entryPoints.map(({ subpath, file }) => [`${config.name}${subpath.slice(1)}`, file] as const);
  const mapped = Object.fromEntries(names.map(([name, file]) => [name, join(checkoutRoot, file)]));
  project.write("deno.json", JSON.stringify({ imports: { ...config.imports, ...mapped } }));
  project.write("main.ts", names.map(([name]) => `import ${JSON.stringify(name)};\n`).join(""));

  // Its options reach the checkout's code too, and are Deno's own, which are looser here and there than ours.
  await project.deno("check", "main.ts");
});

const SANDBOX = `
import { Sandbox } from "${config.name}/sandbox";

console.log(JSON.stringify(await new Sandbox().runCode("return 6 * 7;")));
`;

Deno.test("a sandbox of the package in a registry's cache runs code with --allow-run=deno alone", async () => {
  await using registry = serveJsrRegistry(packModule());
  using project = newProject(registry);
  project.write("deno.json", DENO_JSON);
  project.write("main.ts", SANDBOX);

  const { stdout } = await project.deno("run", "--no-prompt", "--allow-run=deno", "main.ts");
  assert.deepEqual(JSON.parse(stdout), { type: "done", value: 42, output: "" });
});

Deno.test("rewriteBareSpecifiers() rewrites mapped names and their subpaths, nothing else", () => {
  const code = `import OpenAI from "openai";
import type { Responses } from 'openai/resources';
import { Validator } from "@cfworker/json-schema";
export * from "./openai.ts";
import { join } from "node:path";
const { RE2JS } = await import("re2js");
const text = "openai";`;
  const imports = {
    "openai": "npm:openai@^7",
    "@cfworker/json-schema": "npm:@cfworker/json-schema@^4",
    "re2js": "npm:re2js@^2",
  };
  assert.equal(
    rewriteBareSpecifiers(code, imports),
    `import OpenAI from "npm:openai@^7";
import type { Responses } from 'npm:openai@^7/resources';
import { Validator } from "npm:@cfworker/json-schema@^4";
export * from "./openai.ts";
import { join } from "node:path";
const { RE2JS } = await import("npm:re2js@^2");
const text = "openai";`,
  );
});

/** A user's project with a cache of its own. */
interface Project extends Disposable {
  write(file: string, text: string): void;
  /** Runs `deno ARGS` in it and throws unless that succeeds. */
  deno(...args: string[]): Promise<SpawnResult>;
  /** The npm packages in its cache, also those of which only the metadata was asked for. */
  fetchedNpmPackages(): string[];
}

function newProject(registry: JsrRegistry): Project {
  const folder = tempFolder();
  const cache = join(folder.path, "cache");
  const cwd = join(folder.path, "project");
  Deno.mkdirSync(cwd);
  return {
    write: (file, text) => Deno.writeTextFileSync(join(cwd, file), text),
    deno: (...args) => spawnDenoOk(args, { cwd, env: { DENO_DIR: cache, JSR_URL: registry.url } }),
    fetchedNpmPackages: () => npmPackagesInCache(join(cache, "npm")),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Names below `npm/HOST/`, where a scope is a folder of its own; none if nothing was fetched. */
function npmPackagesInCache(folder: string): string[] {
  return namesIn(folder).flatMap((host) =>
    namesIn(join(folder, host)).flatMap((name) =>
      name.startsWith("@") ? namesIn(join(folder, host, name)).map((rest) => `${name}/${rest}`) : [name]
    )
  ).sort();
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
