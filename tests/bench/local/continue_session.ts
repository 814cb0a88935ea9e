/**
 * A whole process: opens a folder, lists its sessions and runs one more turn of the newest.
 *
 * Prints milliseconds since the process began, without the start of Deno itself, and its memory.
 *
 * @module
 */

import { dataFolder, openRuntime, turnOf } from "./subject.ts";

await using runtime = await openRuntime(dataFolder());
const [session] = await runtime.listSessions();
if (session === undefined) throw new Error("Cannot continue: the folder has no session");
await turnOf(runtime, session.id);
console.log(JSON.stringify({ milliseconds: performance.now(), rss: Deno.memoryUsage().rss }));
