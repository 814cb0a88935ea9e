/** The tool `write_skill`. */

import { FileStoreError, ToolError } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { contentSize } from "../../kit/file_content.ts";
import { canonicalPath } from "../../kit/paths.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import { withToolErrors } from "../session_file_system/shown_path.ts";
import { WRITER_CLASS } from "../session_file_system/write_file.ts";
import type { StoresOf } from "./read_tools.ts";
import type { ScopedStore } from "./skill_catalog.ts";
import { isSkillName, MAX_DESCRIPTION, SKILL_FILE, writeSkillDocument } from "./skill_document.ts";
import { MAX_SKILL_FILES } from "./skill_store.ts";

/** Bytes of one file. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A file beside `SKILL.md`. */
interface SkillFile {
  readonly path: string;
  readonly content: string;
}

/**
 * Writes a skill, or replaces its instructions.
 *
 * It is `idempotent`. `SKILL.md` is written last: until then there is no new skill, however the call ends. Files of an
 * earlier version that are not named stay.
 */
export function writeSkill(storesOf: StoresOf): Tool {
  return defineTool({
    name: "write_skill",
    displayName: "Write skill",
    description: "Writes a skill for later: instructions for a kind of work, with files they need.",
    parameters: {
      type: "object",
      properties: {
        name: { type: "string", description: "Lowercase letters, digits and single hyphens, at most 64." },
        description: {
          type: "string",
          minLength: 1,
          maxLength: MAX_DESCRIPTION,
          description: "What it is for and when to use it, in one line.",
        },
        instructions: { type: "string", minLength: 1, description: "What to do, in Markdown." },
        scope: {
          type: "string",
          enum: ["workspace", "global"],
          description: "workspace: for this workspace. global: for all of the user's. Default: workspace.",
        },
        files: {
          type: "array",
          maxItems: MAX_SKILL_FILES,
          items: {
            type: "object",
            properties: {
              path: { type: "string", description: "Its path in the skill's folder." },
              content: { type: "string" },
            },
            required: ["path", "content"],
            additionalProperties: false,
          },
        },
      },
      required: ["name", "description", "instructions"],
      additionalProperties: false,
    },
    category: "skills",
    effect: "idempotent",
    concurrencyClass: WRITER_CLASS,
    hints: { readonly: false },
    permissions: {},
    execute: async (args, context) => {
      const name = String(args["name"]);
      if (!isSkillName(name)) {
        throw new ToolError("The name of a skill is at most 64 lowercase letters, digits and single hyphens");
      }
      const scope = args["scope"] ?? "workspace";
      const { store } = writable(storesOf(context), scope);
      const description = String(args["description"]).trim();
      if (description === "") throw new ToolError("The description is empty: say what the skill is for");
      const document = {
        path: SKILL_FILE,
        content: writeSkillDocument(name, description, String(args["instructions"])),
      };
      const files = [...readFiles(args["files"]), document];
      for (const file of files) checkSize(file);
      return await withToolErrors(context.files, async () => {
        const created = await store.read(name, SKILL_FILE) === undefined;
        for (const { path, content } of files) {
          context.signal.throwIfAborted();
          await store.write(name, path, content);
        }
        return { name, scope, directory: `${store.location}/${name}`, created, files: files.map(({ path }) => path) };
      });
    },
    narrate: ({ name }) => `Writing the skill ${name}`,
  });
}

type WritableStore = ScopedStore["store"] & { write(name: string, file: string, content: string): Promise<void> };

function writable(stores: readonly ScopedStore[], scope: JsonValue): { readonly store: WritableStore } {
  const store = stores.find((scoped) => scoped.scope === scope)?.store;
  if (store !== undefined && canWrite(store)) return { store };
  throw new ToolError(`Skills of scope ${JSON.stringify(scope)} cannot be written here; use workspace`);
}

function canWrite(store: ScopedStore["store"]): store is WritableStore {
  return store.write !== undefined;
}

function readFiles(files: JsonValue | undefined): SkillFile[] {
  const asked: readonly JsonObject[] = (Array.isArray(files) ? files : []).filter(isJsonObject);
  const read = asked.map((file) => ({ path: insidePath(String(file["path"])), content: String(file["content"]) }));
  const twice = read.find(({ path }, index) => read.findIndex((other) => other.path === path) < index);
  if (twice !== undefined) throw new ToolError(`Two of the files are ${twice.path}`);
  return read;
}

/** A path inside the folder: relative, and canonical but for its slash. */
function insidePath(path: string): string {
  let canonical: string;
  try {
    canonical = canonicalPath(`./${path}`);
  } catch (error) {
    if (error instanceof FileStoreError) throw new ToolError(error.message);
    throw error;
  }
  if (canonical === "/" || path.startsWith("/")) {
    throw new ToolError(`${JSON.stringify(path)} is not the path of a file in the skill's folder`);
  }
  if (canonical.toLowerCase() === `/${SKILL_FILE.toLowerCase()}`) {
    throw new ToolError(`${SKILL_FILE} is made of description and instructions; leave it out of the files`);
  }
  return canonical.slice(1);
}

function checkSize({ path, content }: SkillFile): void {
  if (contentSize(path, content, "text", MAX_FILE_BYTES) > MAX_FILE_BYTES) {
    throw new ToolError(`${path} is too large: a file of a skill may have ${MAX_FILE_BYTES} bytes`);
  }
}
