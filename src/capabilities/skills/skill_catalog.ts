/** The skills of a session: three scopes, of which the nearest wins. */

import { ToolError } from "../../errors.ts";
import type { SkillStore } from "./skill_store.ts";
import { isSkillName, readSkillDocument, SKILL_FILE, type SkillDocument } from "./skill_document.ts";

/** Where a skill comes from: the session's files, the user's own ones, the program. */
export type SkillScope = "workspace" | "global" | "system";

/** A store with its scope. */
export interface ScopedStore {
  /** The scope. */
  readonly scope: SkillScope;
  /** The store. */
  readonly store: SkillStore;
}

/** A skill that can be used. */
export interface Skill extends SkillDocument, ScopedStore {
  /** Its name. */
  readonly name: string;
  /** Its folder as the model knows it. */
  readonly directory: string;
}

/** A skill that cannot. */
export interface BrokenSkill {
  /** The name of its folder. */
  readonly name: string;
  /** Where it is. */
  readonly scope: SkillScope;
  /** What is wrong with it. */
  readonly problem: string;
}

/** Everything that was found. */
export interface SkillCatalog {
  /** The skills by name, each once. */
  readonly skills: readonly Skill[];
  /** Those that cannot be used; they hide nothing. */
  readonly broken: readonly BrokenSkill[];
}

/** Folders looked at in one scope. */
const MAX_FOLDERS = 200;
const MAX_NAMED = 20;

/** Looks at all skills anew, so that one that was just written is there. */
export async function readCatalog(stores: readonly ScopedStore[]): Promise<SkillCatalog> {
  const skills = new Map<string, Skill>();
  const broken: BrokenSkill[] = [];
  for (const scoped of stores) {
    for (const name of (await scoped.store.names()).slice(0, MAX_FOLDERS)) {
      if (skills.has(name)) continue;
      const found = await readSkill(scoped, name);
      if (found === undefined) continue;
      if ("problem" in found) broken.push(found);
      else skills.set(name, found);
    }
  }
  return { skills: [...skills.values()].sort((a, b) => a.name < b.name ? -1 : 1), broken };
}

/**
 * The skill of a name.
 *
 * @throws {ToolError} when there is none, naming those there are
 */
export async function findSkill(stores: readonly ScopedStore[], name: string): Promise<Skill> {
  let problem: string | undefined;
  for (const scoped of isSkillName(name) ? stores : []) {
    const found = await readSkill(scoped, name);
    if (found === undefined) continue;
    if (!("problem" in found)) return found;
    problem ??= `${scoped.store.location}/${name}/${SKILL_FILE} cannot be used: ${found.problem}`;
  }
  if (problem !== undefined) throw new ToolError(problem);
  const names = (await readCatalog(stores)).skills.map((skill) => skill.name);
  const shown = names.length === 0 ? "there are none" : `there are ${names.slice(0, MAX_NAMED).join(", ")}`;
  throw new ToolError(`There is no skill ${JSON.stringify(name.slice(0, 80))}: ${shown}`);
}

async function readSkill(scoped: ScopedStore, name: string): Promise<Skill | BrokenSkill | undefined> {
  const text = await scoped.store.read(name, SKILL_FILE);
  if (text === undefined) return undefined;
  const read = await readSkillDocument(name, text);
  if (!read.ok) return { name, scope: scoped.scope, problem: read.problem };
  return { ...scoped, ...read.document, name, directory: `${scoped.store.location}/${name}` };
}
