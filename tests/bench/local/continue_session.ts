/**
 * A whole process: opens a folder, lists its sessions and runs one more turn of the newest.
 *
 * Prints milliseconds since the process began, without the start of Deno itself, its memory, and the processor time of all
 * its threads with the start of Deno.
 *
 * @module
 */

import { dataFolder, openRuntime, turnOf } from "./subject.ts";

await using runtime = await openRuntime(dataFolder());
const [session] = await runtime.listSessions();
if (session === undefined) throw new Error("Cannot continue: the folder has no session");
await turnOf(runtime, session.id);
const milliseconds = performance.now();
const { rss } = Deno.memoryUsage();
// Only now, so that what it loads is not measured.
const { default: process } = await import("node:process");
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ milliseconds, rss, processorMs: (user + system) / 1000 }));
