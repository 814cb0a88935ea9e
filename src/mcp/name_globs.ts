/** Globs over names of servers and tools. */

import { compileGlob } from "../kit/glob.ts";

/** Tells whether a name matches one of the globs; undefined without a list. */
export function nameTest(globs: readonly string[] | undefined): ((name: string) => boolean) | undefined {
  const tests = globs?.map((glob) => compileGlob(withoutFolders(glob)));
  return tests === undefined ? undefined : (name) => tests.some((test) => test(withoutFolders(name)));
}

/** A name has no folders: a server must not escape `*` by a `/` in the name of a tool. */
function withoutFolders(text: string): string {
  return text.replaceAll("/", "\0");
}
