/**
 * Fills a folder with 100,000 messages: `fill_folder.ts FOLDER SESSIONS`.
 *
 * @module
 */

import { dataFolder, newSession, openRuntime, turnOf } from "./subject.ts";

const MESSAGES = 100_000;

const sessions = Number(Deno.args[1]);
await using runtime = await openRuntime(dataFolder(), { durability: "process-crash" });
await Promise.all(Array.from({ length: sessions }, async () => {
  const sessionId = await newSession(runtime);
  for (let i = 0; i < MESSAGES / 2 / sessions; i++) await turnOf(runtime, sessionId);
}));
console.log("filled");
