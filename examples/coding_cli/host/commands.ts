/** What a typed line means: a command of the program, of the runtime or of a skill, a shell command, or a prompt. */

import { RuntimeError } from "@everruns/runtime";
import type { CommandInfo, SubmitOutcome } from "../interactive_host.ts";
import type { CodingHost } from "./coding_host.ts";
import { describePermissions, describeServers, describeTools } from "./descriptions.ts";
import { assertEffort, knownEfforts } from "./effort.ts";
import { fenced } from "./fenced.ts";
import { missingGrants } from "./grants.ts";
import { levelOf } from "./options.ts";
import { permissionsFor } from "./runtime.ts";

/** A prompt that is to be sent, or what came of the line. */
export type LineOutcome =
  | SubmitOutcome
  | { readonly type: "prompt"; readonly text: string }
  | { readonly type: "output"; readonly text: string; readonly isUnknown: true };

interface ClientCommand extends CommandInfo {
  run(args: string, host: CodingHost, table: CommandTable): LineOutcome | Promise<LineOutcome>;
}

const CLIENT_COMMANDS: readonly ClientCommand[] = [
  command("help", "Lists the commands", undefined, (_, _host, table) => output(table.help())),
  command("tools", "Lists the tools of the agent", undefined, async (_, host) => output(await describeTools(host))),
  command(
    "mcp",
    "Lists MCP servers and their tools",
    undefined,
    async (_, host) => output(await describeServers(host)),
  ),
  command("model", "Shows or changes the model", "[[provider:]model]", changeModel),
  command("effort", "Shows or changes how hard the model thinks", "[level|default]", changeEffort),
  command("permissions", "Shows grants and the approval level, or changes the level", "[level]", changeLevel),
  command("undo", "Takes back the file changes of the last turn", undefined, undo),
  command("clear", "Begins a new session", undefined, async (_, host) => {
    await host.clear();
    return { type: "clear" };
  }),
  command("quit", "Ends the program", undefined, () => ({ type: "quit" })),
];
const ALIASES: ReadonlyMap<string, string> = new Map([["exit", "quit"], ["new", "clear"], ["approval", "permissions"]]);

/** The commands of a host. */
export class CommandTable {
  readonly #host: CodingHost;
  /** Commands of the runtime's capabilities, and skills that users may name. */
  #others: readonly CommandInfo[] = [];
  #skills: ReadonlySet<string> = new Set();

  constructor(host: CodingHost) {
    this.#host = host;
  }

  /** All commands, those of the program first. */
  list(): readonly CommandInfo[] {
    const own = CLIENT_COMMANDS.map(({ name, description, argumentHint }) => ({
      name,
      description,
      ...(argumentHint === undefined ? {} : { argumentHint }),
    }));
    return [...own, ...this.#others];
  }

  /** Reads again what capabilities and skills offer. */
  async refresh(): Promise<void> {
    const { runtime, sessionId } = this.#host;
    const own = new Set(CLIENT_COMMANDS.map(({ name }) => name));
    const commands: CommandInfo[] = [];
    for (const { name, description, usage } of await runtime.listCommands(sessionId)) {
      if (!own.has(name)) commands.push({ name, description, ...(usage === undefined ? {} : { argumentHint: usage }) });
    }
    const taken = new Set([...own, ...commands.map(({ name }) => name)]);
    const skills = (await listSkills(this.#host)).filter(({ name }) => !taken.has(name));
    this.#skills = new Set(skills.map(({ name }) => name));
    this.#others = [...commands, ...skills];
  }

  /** What `/help` prints. */
  help(): string {
    const lines = this.list().map(({ name, description, argumentHint }) =>
      `- \`/${name}${argumentHint === undefined ? "" : ` ${argumentHint}`}\`: ${description}`
    );
    return ["Commands:", "", ...lines, "", "`!command` runs a shell command without the agent."].join("\n");
  }

  /** Runs a line, or tells that it is a prompt. */
  async run(text: string, signal: AbortSignal): Promise<LineOutcome> {
    const line = text.trim();
    if (line.startsWith("!") && line.length > 1) {
      return output(await this.#runShell(line.slice(1).trim(), signal));
    }
    const match = /^\/([A-Za-z][\w:-]*)(?:\s+([\s\S]*))?$/.exec(line);
    if (match === null) return { type: "prompt", text };
    const [, typed = "", args = ""] = match;
    const name = ALIASES.get(typed) ?? typed;
    const own = CLIENT_COMMANDS.find((known) => known.name === name);
    if (own !== undefined) return await own.run(args.trim(), this.#host, this);
    if (!this.#others.some((known) => known.name === name)) await this.refresh();
    if (this.#skills.has(name)) return { type: "prompt", text: skillPrompt(name, args.trim()) };
    if (this.#others.some((known) => known.name === name)) return output(await this.#runOther(name, args, signal));
    return { ...output(`There is no command \`/${typed}\`. \`/help\` lists those there are.`), isUnknown: true };
  }

  /** Runs a command for the user, who may run anything: no approval, no turn, nothing of it in the conversation. */
  async #runShell(line: string, signal: AbortSignal): Promise<string> {
    if (!this.#host.settings.tools.bash) return "Commands are off (`--no-bash`).";
    return fenced(await this.#runOther("shell", line, signal));
  }

  async #runOther(name: string, args: string, signal: AbortSignal): Promise<string> {
    try {
      return (await this.#host.runtime.executeCommand(this.#host.sessionId, name, args, { signal })).output;
    } catch (error) {
      if (error instanceof RuntimeError || error instanceof TypeError) return error.message;
      throw error;
    }
  }
}

function command(
  name: string,
  description: string,
  argumentHint: string | undefined,
  run: ClientCommand["run"],
): ClientCommand {
  return { name, description, run, ...(argumentHint === undefined ? {} : { argumentHint }) };
}

function output(text: string): { readonly type: "output"; readonly text: string } {
  return { type: "output", text };
}

async function changeModel(args: string, host: CodingHost): Promise<LineOutcome> {
  if (args !== "") {
    try {
      await host.useModel(args);
    } catch (error) {
      return output(`The model stays as it is: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const { provider, model } = host.facts();
  const effort = args === "" ? undefined : await dropEffort(host);
  const told = `Model: \`${model}\` of ${provider}${args === "" ? "" : ", from the next turn on"}${
    effort === undefined ? "" : `; it takes no effort "${effort}" and thinks as it does by itself`
  }`;
  const missing = args === "" ? [] : await missingGrants(await permissionsFor(host.settings, host.desk));
  return output(missing.length === 0 ? told : `${told}. Not granted, so it will fail: ${missing.join(" ")}`);
}

/** Forgets an effort that the model does not take, and gives it. */
async function dropEffort(host: CodingHost): Promise<string | undefined> {
  const { effort } = host.facts();
  if (effort === undefined || (await knownEfforts(host.settings.choice))?.includes(effort) !== false) return undefined;
  host.useEffort(undefined);
  return effort;
}

async function changeEffort(args: string, host: CodingHost): Promise<LineOutcome> {
  const { choice } = host.settings;
  const efforts = await knownEfforts(choice);
  const listed = efforts === undefined || efforts.length === 0 ? "" : ` (it takes ${efforts.join(", ")})`;
  if (args === "") return output(`Effort: ${host.facts().effort ?? "the model's own"}${listed}`);
  try {
    if (args !== "default") await assertEffort(args, choice);
  } catch (error) {
    return output(`The effort stays as it is: ${error instanceof Error ? error.message : String(error)}`);
  }
  host.useEffort(args === "default" ? undefined : args);
  const doubt = args !== "default" && efforts === undefined
    ? `; whether ${choice.model.model} takes it is not known here`
    : "";
  return output(`Effort: ${host.facts().effort ?? "the model's own"}, from the next turn on${doubt}`);
}

async function changeLevel(args: string, host: CodingHost): Promise<LineOutcome> {
  if (args === "") return output(await describePermissions(host));
  try {
    host.useLevel(levelOf(args));
  } catch (error) {
    return output(error instanceof Error ? error.message : String(error));
  }
  return output(`Approval level: ${host.desk.level}`);
}

async function undo(_: string, host: CodingHost): Promise<LineOutcome> {
  const outcome = await host.undo();
  switch (outcome.type) {
    case "undone":
      return output(`Restored: ${outcome.paths.map((path) => `\`${path}\``).join(", ")}`);
    case "nothing":
      return output("Nothing to undo: no turn since the program started changed a file with the file tools.");
    case "refused":
      return output(`Not undone: ${outcome.reason}`);
  }
}

function skillPrompt(name: string, args: string): string {
  return `Follow the skill "${name}": activate it first.${args === "" ? "" : `\n\n${args}`}`;
}

async function listSkills(host: CodingHost): Promise<readonly CommandInfo[]> {
  const call = { name: "list_skills", arguments: {}, idempotencyKey: crypto.randomUUID() };
  const outcome = await host.runtime.runTool(host.sessionId, call).catch(() => undefined);
  if (outcome?.type !== "success") return [];
  const skills: unknown = Object(outcome.value).skills;
  return (Array.isArray(skills) ? skills : []).flatMap((skill: unknown) => {
    const { name, description, user_invocable: invocable }: Readonly<Record<string, unknown>> = { ...Object(skill) };
    if (typeof name !== "string" || invocable !== true) return [];
    return [{ name, description: typeof description === "string" ? description : "a skill" }];
  });
}
