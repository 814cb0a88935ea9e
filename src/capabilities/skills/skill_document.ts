/** `SKILL.md`: what its head says, and writing one. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import { parseFrontMatter } from "../../kit/front_matter.ts";

/** The file that makes a folder a skill. */
export const SKILL_FILE = "SKILL.md";
/** Most characters of a skill's name. */
const MAX_NAME = 64;
/** Most characters of its description. */
export const MAX_DESCRIPTION = 1_024;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** What a `SKILL.md` says. */
export interface SkillDocument {
  /** What the skill is for, in one line. */
  readonly description: string;
  /** The instructions. */
  readonly body: string;
  /** Whether people may ask for it by name. */
  readonly userInvocable: boolean;
  /** Whether the model may activate it by itself. */
  readonly modelInvocable: boolean;
}

/** A document, or what is wrong with it. */
export type ReadSkill =
  | {
    /** It can be used. */
    readonly ok: true;
    /** It. */
    readonly document: SkillDocument;
  }
  | {
    /** It cannot. */
    readonly ok: false;
    /** Why, for people and the model. */
    readonly problem: string;
  };

/** Tells whether a skill may be named so: up to 64 lowercase letters, digits and single hyphens. */
export function isSkillName(name: string): boolean {
  return name.length <= MAX_NAME && NAME.test(name);
}

/**
 * Reads a `SKILL.md`.
 *
 * The name in its head must be that of its folder: a copied folder would otherwise pass for another skill.
 */
export async function readSkillDocument(folder: string, text: string): Promise<ReadSkill> {
  if (!isSkillName(folder)) return wrong("its folder's name is not lowercase letters, digits and single hyphens");
  const parsed = await parseFrontMatter(text);
  if (!parsed.ok) return wrong(parsed.message);
  const { attributes, body } = parsed;
  const name = own(attributes, "name");
  if (name !== folder) return wrong(`its head names it ${JSON.stringify(name) ?? "nothing"}, its folder "${folder}"`);
  const description = own(attributes, "description");
  if (typeof description !== "string" || description.trim() === "") return wrong("its head has no description");
  if (description.length > MAX_DESCRIPTION) {
    return wrong(`its description has more than ${MAX_DESCRIPTION} characters`);
  }
  const userInvocable = flag(attributes, "user-invocable") ?? true;
  const modelInvocable = !(flag(attributes, "disable-model-invocation") ?? false);
  const oneLine = description.trim().replace(/\s+/g, " ");
  return { ok: true, document: { description: oneLine, body, userInvocable, modelInvocable } };
}

/** Writes a `SKILL.md`. */
export function writeSkillDocument(name: string, description: string, instructions: string): string {
  // A JSON text is a YAML text in double quotes.
  return `---\nname: ${name}\ndescription: ${JSON.stringify(description)}\n---\n\n${instructions.trim()}\n`;
}

/** A flag under its name with hyphens or with underscores. */
function flag(attributes: JsonObject, name: string): boolean | undefined {
  const value = own(attributes, name) ?? own(attributes, name.replaceAll("-", "_"));
  return typeof value === "boolean" ? value : undefined;
}

function own(attributes: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

function wrong(problem: string): ReadSkill {
  return { ok: false, problem };
}
