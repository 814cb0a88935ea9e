/** Builds the runtime: local backends, the workspace on the real disk, the model, the tools. */

import {
  type CapabilityRefInput,
  createHarness,
  type HarnessId,
  idFromSeed,
  InProcessRuntimeBuilder,
  type McpServers,
  type PermissionNeeds,
  PlatformDefinition,
  type RequiredPermissions,
  RuntimeBackends,
} from "@everruns/runtime";
import {
  LocalProfile,
  type LocalRuntime,
  LocalRuntimeBuilder,
  OwnFilesStore,
  RealDiskFileStore,
  WriteBlocklistFileStore,
} from "@everruns/runtime/local";
import { join } from "node:path";
import type { ApprovalDesk } from "./approval.ts";
import { makeCapabilities, type ToolChoice } from "./capabilities.ts";
import { CheckpointFileStore } from "./checkpoint_file_store.ts";
import type { Environment } from "./environment.ts";
import { ListenerBus } from "./event_bus.ts";
import { DATA_VARIABLES, type Folders } from "./folders.ts";
import { type ConfiguredServers, programEnvironment } from "./mcp_servers.ts";
import { SYSTEM_PROMPT } from "./prompt.ts";
import { allDrivers, type ProviderChoice } from "./providers.ts";
import { memoryIn, openFolder, skillsIn } from "./user_files.ts";

/** What a runtime is built of. */
export interface RuntimeSettings {
  readonly folders: Folders;
  /** Whether the environment says where data belongs. */
  readonly dataDirFromEnvironment: boolean;
  readonly choice: ProviderChoice;
  readonly tools: ToolChoice;
  readonly configured: ConfiguredServers;
  readonly env: Environment;
  /** Whether it is a conversation in a terminal, whose kind then has to be known. */
  readonly terminal: boolean;
}

/** The variable that names the kind of a terminal. */
export const TERMINAL_VARIABLE = "TERM";

/** A runtime and the parts of it that the program talks to. */
export interface OpenRuntime {
  readonly runtime: LocalRuntime;
  readonly files: CheckpointFileStore;
  readonly bus: ListenerBus;
  readonly harnessId: HarnessId;
}

/** The one harness; every start writes it anew. */
const HARNESS_ID: HarnessId = idFromSeed("harness", 1);

/** What the agent may read but not change with its file tools: what others make, secrets, and what starts programs. */
const BLOCKED = [
  ".git",
  "node_modules",
  ".venv",
  ".env",
  ".env.local",
  ".env.development",
  ".env.production",
  ".env.staging",
  ".env.test",
  ".mcp.json",
];

/** What commands get of the environment: to find programs, their files, and the language to print in. */
const COMMAND_VARIABLES: readonly string[] = ["PATH", "HOME", "LANG"];
/** Nobody sits at the terminal of a command: no colours, no pager, no question about a password. */
const COMMAND_SETTINGS = { TERM: "dumb", NO_COLOR: "1", PAGER: "cat", GIT_PAGER: "cat", GIT_TERMINAL_PROMPT: "0" };

/** Opens the runtime; its stores are made when they are not there. */
export async function openRuntime(settings: RuntimeSettings, desk: ApprovalDesk): Promise<OpenRuntime> {
  const { folders, choice, env } = settings;
  await Deno.mkdir(folders.projectDir, { recursive: true, mode: 0o700 });
  const bus = new ListenerBus();
  const workspace = await openWorkspace(folders);
  const files = new CheckpointFileStore(
    new WriteBlocklistFileStore(workspace, { names: BLOCKED }),
    workspace.root,
  );
  const own = await openFolder(join(folders.projectDir, "files"));
  const { registry, refs } = await makeCapabilities({
    workspace: folders.workspace,
    desk,
    tools: settings.tools,
    servers: settings.configured.servers,
    commandEnvironment: commandEnvironment(settings.env),
    needs: ownNeeds(settings),
    builtIn: {
      environment: { facts: () => environmentFacts(folders.workspace) },
      memory: { store: await memoryIn(join(folders.projectDir, "memory")) },
      skills: { global: await skillsIn(folders.dataDir) },
    },
  });
  const builder = new LocalRuntimeBuilder(new LocalProfile(folders.projectDir))
    .backends(RuntimeBackends.inMemory().withFileStore(new OwnFilesStore(files, own)).withEventBus(bus))
    .platformDefinition(new PlatformDefinition({ capabilities: registry, drivers: await allDrivers() }))
    .defaultModel(choice.model)
    .harness(harness(refs));
  await connectServers(builder, settings.configured.servers, env);
  return { runtime: await builder.build(), files, bus, harnessId: HARNESS_ID };
}

/** The permissions the program needs with these settings; nothing is opened, and no server started. */
export async function permissionsFor(settings: RuntimeSettings, desk: ApprovalDesk): Promise<RequiredPermissions> {
  const { registry, refs } = await makeCapabilities({
    workspace: settings.folders.workspace,
    desk,
    tools: settings.tools,
    servers: settings.configured.servers,
    commandEnvironment: commandEnvironment(settings.env),
    needs: ownNeeds(settings),
    builtIn: {},
  });
  await using runtime = await new InProcessRuntimeBuilder()
    .platformDefinition(new PlatformDefinition({ capabilities: registry, drivers: await allDrivers() }))
    .defaultModel(settings.choice.model)
    .harness(harness(refs))
    .session({ harnessId: HARNESS_ID })
    .build();
  return await runtime.requiredPermissions();
}

function harness(refs: readonly CapabilityRefInput[]): ReturnType<typeof createHarness> {
  return createHarness({ id: HARNESS_ID, name: "coding_cli", systemPrompt: SYSTEM_PROMPT, capabilities: refs });
}

/** What the program touches itself: its folders, and the variables it reads. */
function ownNeeds(
  { folders, dataDirFromEnvironment, choice, configured, tools, terminal }: RuntimeSettings,
): PermissionNeeds {
  const paths = [folders.workspace, folders.dataDir, ...folders.spellings];
  const env = [
    ...choice.variables,
    ...configured.variables,
    ...(dataDirFromEnvironment ? DATA_VARIABLES : []),
    ...(tools.bash ? COMMAND_VARIABLES : []),
    ...(terminal ? [TERMINAL_VARIABLE] : []),
  ];
  return { read: paths, write: paths, env };
}

/** The environment of commands: nothing with a secret in it, since a model can read all of it. */
function commandEnvironment(env: Environment): Record<string, string> {
  const values: Record<string, string> = { ...COMMAND_SETTINGS };
  for (const name of COMMAND_VARIABLES) {
    const value = env.get(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** The workspace under its real path: that is what commands print, and what editors know. */
async function openWorkspace({ workspace, dataDir }: Folders): Promise<RealDiskFileStore> {
  return await RealDiskFileStore.open(workspace, { hidden: [dataDir], displayRoot: workspace });
}

async function connectServers(builder: InProcessRuntimeBuilder, servers: McpServers, env: Environment): Promise<void> {
  const types = new Set(Object.values(servers).map(({ type = "http" }) => type));
  const clientInfo = { name: "coding_cli", version: "0.1.0" };
  if (types.has("http")) {
    const { mcpHttp } = await import("@everruns/runtime/mcp");
    builder.toolSource(mcpHttp({ clientInfo, allowPrivate: true }));
  }
  if (types.has("stdio")) {
    const { mcpStdio } = await import("@everruns/runtime/mcp/stdio");
    builder.toolSource(mcpStdio({
      clientInfo,
      env: ({ config }) => programEnvironment(config, env),
      // A program the user chose to run could do anything without being asked for a tool.
      trustAnnotations: true,
    }));
  }
}

async function environmentFacts(workspace: string): Promise<Record<string, string | undefined>> {
  return { workspace, operating_system: Deno.build.os, git_branch: await gitBranch(workspace) };
}

/** The branch that is checked out, without running git. */
async function gitBranch(workspace: string): Promise<string | undefined> {
  try {
    const head = await Deno.readTextFile(join(workspace, ".git", "HEAD"));
    return /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1];
  } catch {
    return undefined;
  }
}
