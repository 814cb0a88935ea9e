/** The `skills` capability: instructions for kinds of work, found when they are needed. */

import type { Capability } from "../../ports/capability.ts";
import type { ToolContext } from "../../ports/tool.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { quoteForPrompt } from "../../kit/prompt_text.ts";
import { about, flag } from "../../kit/setting_kinds.ts";
import { defineSettings } from "../../kit/settings.ts";
import { activateSkill, listSkills, readSkill } from "./read_tools.ts";
import { readCatalog, type ScopedStore } from "./skill_catalog.ts";
import { bundledSkills, fileSkills, type SkillFolder, type SkillTexts } from "./skill_store.ts";
import { writeSkill } from "./write_skill.ts";

const SETTINGS = defineSettings({ allow_write: about("Whether there is the tool `write_skill`.", flag(true)) });

/** Where the session's own skills are. */
const WORKSPACE_ROOT = "/.agents/skills";
/** Skills named in the prompt. */
const MAX_IN_PROMPT = 15;
/** Characters of a description there. */
const MAX_DESCRIPTION_IN_PROMPT = 76;

const INTRODUCTION =
  "Skills are instructions for kinds of work. When one fits what is asked, call activate_skill before anything else.";

/** Where skills are, besides the `/.agents/skills/<name>/SKILL.md` of the session's files. */
export interface SkillsOptions {
  /** Skills of the user, whatever the workspace. @default none */
  readonly global?: SkillFolder;
  /** Skills of the program; they cannot be written. @default none */
  readonly system?: SkillTexts;
}

/**
 * Finds and writes skills: folders with a `SKILL.md`, in the session's `/.agents/skills` and where the host says.
 *
 * The tools are `list_skills`, `activate_skill`, `read_skill` and `write_skill`. Of skills with one name the one of the
 * workspace wins, then the user's, then the program's; a folder that cannot be used is listed with its problem and hides
 * none. Everything is read anew by each call. The prompt names the first 15. A head may say `user-invocable: false` (for
 * menus of a host) and `disable-model-invocation: true` (the model may then not activate it). Nothing in a skill is ever
 * run by activating it. Its configuration: `allow_write` (default true), whether there is `write_skill`.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const review = "---\nname: review\ndescription: Reviews a change.\n---\nRead every line twice.";
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Reviewed."))
 *   .singleSession((s) =>
 *     s.harness("coder", "Write code.").withCapability("skills")
 *       .sessionInitialFile({ path: "/.agents/skills/review/SKILL.md", content: review })
 *   )
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.systemPrompt.includes("- review: Reviews a change."));
 * ```
 */
export function skills(options: SkillsOptions = {}): Capability {
  const global = options.global === undefined ? undefined : fileSkills(options.global.files, options.global.root);
  const system = options.system === undefined ? undefined : bundledSkills(options.system);
  const storesOf = ({ files }: Pick<ToolContext, "files">): readonly ScopedStore[] => [
    { scope: "workspace", store: fileSkills(files, WORKSPACE_ROOT) },
    ...(global === undefined ? [] : [{ scope: "global" as const, store: global }]),
    ...(system === undefined ? [] : [{ scope: "system" as const, store: system }]),
  ];
  const reading = [listSkills(storesOf), activateSkill(storesOf), readSkill(storesOf)];
  const writing = [...reading, writeSkill(storesOf)];
  return defineCapability({
    id: "skills",
    name: "Skills",
    description: "Finds, follows and writes skills: instructions for kinds of work.",
    category: "context",
    riskLevel: "medium",
    dependencies: ["session_file_system"],
    systemPrompt: (context) => describeSkills(storesOf(context)),
    tools: (config) => SETTINGS.read(config).allow_write ? writing : reading,
    configSchema: SETTINGS.schema,
    validateConfig: SETTINGS.problem,
    features: ["skills"],
    permissions: {},
  });
}

async function describeSkills(stores: readonly ScopedStore[]): Promise<string | undefined> {
  const offered = (await readCatalog(stores)).skills.filter(({ modelInvocable }) => modelInvocable);
  if (offered.length === 0) return undefined;
  const lines = offered.slice(0, MAX_IN_PROMPT).map(({ name, description }) => {
    const isLong = description.length > MAX_DESCRIPTION_IN_PROMPT;
    const shown = isLong ? `${description.slice(0, MAX_DESCRIPTION_IN_PROMPT - 1)}…` : description;
    return `- ${name}: ${quoteForPrompt(shown)}`;
  });
  const more = offered.length - lines.length;
  if (more > 0) lines.push(`- and ${more} more: list_skills names them`);
  return [INTRODUCTION, ...lines].join("\n");
}
