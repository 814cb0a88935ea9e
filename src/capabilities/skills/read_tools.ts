/** The tools `list_skills`, `activate_skill` and `read_skill`. */

import { ToolError } from "../../errors.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { measureJsonText } from "../../kit/json_size.ts";
import { showLines } from "../session_file_system/shown_file.ts";
import { withToolErrors } from "../session_file_system/shown_path.ts";
import { findSkill, readCatalog, type ScopedStore } from "./skill_catalog.ts";
import { SKILL_FILE } from "./skill_document.ts";

/** Finds the stores of a call. */
export type StoresOf = (context: Pick<ToolContext, "files">) => readonly ScopedStore[];

/** Skills of one answer. */
const MAX_LISTED = 100;
/** Characters of a description in a list. */
const MAX_SHOWN_DESCRIPTION = 300;
/** Bytes of instructions in one answer. */
const MAX_BYTES = 50_000;
const NAME = { type: "string", description: "The skill." };

/** Lists all skills; touches nothing, so it is `pure`. */
export function listSkills(storesOf: StoresOf): Tool {
  return defineTool({
    name: "list_skills",
    displayName: "List skills",
    description: "Lists the skills there are: instructions for kinds of work.",
    category: "skills",
    effect: "pure",
    hints: { readonly: true },
    permissions: {},
    execute: async (_, context) => {
      const { skills, broken } = await withToolErrors(context.files, () => readCatalog(storesOf(context)));
      return {
        count: skills.length,
        skills: skills.slice(0, MAX_LISTED).map((skill) => ({
          name: skill.name,
          description: skill.description.slice(0, MAX_SHOWN_DESCRIPTION),
          scope: skill.scope,
          directory: skill.directory,
          user_invocable: skill.userInvocable,
          ...(skill.modelInvocable ? {} : { disable_model_invocation: true }),
        })),
        ...(broken.length === 0 ? {} : { unusable: broken.slice(0, MAX_LISTED) }),
      };
    },
    narrate: () => "Listing skills",
  });
}

/**
 * Gives the instructions of a skill; touches nothing, so it is `pure`.
 *
 * `${SKILL_DIR}` becomes the skill's folder. Nothing in the text is ever run, whatever it looks like.
 */
export function activateSkill(storesOf: StoresOf): Tool {
  return defineTool({
    name: "activate_skill",
    displayName: "Activate skill",
    description: "Gives the instructions of a skill, to be followed from then on.",
    parameters: {
      type: "object",
      properties: { name: NAME },
      required: ["name"],
      additionalProperties: false,
    },
    category: "skills",
    effect: "pure",
    hints: { readonly: true, persistOutput: false },
    permissions: {},
    execute: async ({ name }, context) => {
      const skill = await withToolErrors(context.files, () => findSkill(storesOf(context), String(name)));
      if (!skill.modelInvocable) {
        throw new ToolError(`Skill "${skill.name}" is only for people to ask for (disable-model-invocation)`);
      }
      const instructions = skill.body.replaceAll("${SKILL_DIR}", skill.directory);
      const { units } = measureJsonText(instructions, MAX_BYTES);
      const files = (await skill.store.files(skill.name)).filter((file) => file !== SKILL_FILE);
      return {
        name: skill.name,
        scope: skill.scope,
        directory: skill.directory,
        ...(units < instructions.length ? { truncated: true, advice: `read_skill gives ${SKILL_FILE} in parts` } : {}),
        instructions: instructions.slice(0, units),
        ...(files.length === 0 ? {} : { files }),
      };
    },
    narrate: ({ name }) => `Using the skill ${name}`,
  });
}

/** Reads a file of a skill, also of one that is not among the session's files; touches nothing, so it is `pure`. */
export function readSkill(storesOf: StoresOf): Tool {
  return defineTool({
    name: "read_skill",
    displayName: "Read skill file",
    description: "Reads a file of a skill. Long files come in parts: go on with offset = next_offset.",
    parameters: {
      type: "object",
      properties: {
        name: NAME,
        file: { type: "string", description: `The file's path in the skill's folder. Default: ${SKILL_FILE}.` },
        offset: { type: "integer", minimum: 1, description: "First line to read, from 1." },
        column: { type: "integer", minimum: 1, description: "First character of that line, from 1; see next_column." },
      },
      required: ["name"],
      additionalProperties: false,
    },
    category: "skills",
    effect: "pure",
    hints: { readonly: true, persistOutput: false },
    permissions: {},
    execute: async ({ name, file = SKILL_FILE, offset, column }, context) => {
      const skill = await withToolErrors(context.files, () => findSkill(storesOf(context), String(name)));
      const files = await skill.store.files(skill.name);
      // Only what the folder is seen to have: a path that leads out of it names nothing.
      const path = file === SKILL_FILE ? SKILL_FILE : files.find((known) => known === file);
      const text = path === undefined ? undefined : await skill.store.read(skill.name, path);
      if (path === undefined || text === undefined) {
        throw new ToolError(
          `Skill "${skill.name}" has no text file ${JSON.stringify(file)}: it has ${files.join(", ")}`,
        );
      }
      const part = {
        maxBytes: MAX_BYTES,
        ...(typeof offset === "number" ? { offset } : {}),
        ...(typeof column === "number" ? { column } : {}),
      };
      return { name: skill.name, file: path, ...showLines(text, path, part) };
    },
    narrate: ({ name, file }) => `Reading ${typeof file === "string" ? file : SKILL_FILE} of the skill ${name}`,
  });
}
