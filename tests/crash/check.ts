/** What must hold after a case, whatever died where. */

import { join } from "node:path";
import { messageOf } from "../../src/errors.ts";
import type { Event } from "../../src/records/event.ts";
import { assertInvariants } from "../src/_support/invariants.ts";
import { type Effect, Ledger } from "../src/_support/faults.ts";
import { ledgerPath, readEffects } from "./ledger.ts";
import { ANSWER } from "./model.ts";
import { type Dump, type Line, linesOf, type SessionDump } from "./protocol.ts";
import type { Case, Life } from "./run_case.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { EFFECTS, RUN_EFFECTS } from "./tools.ts";
import { inputsOf, SESSION } from "./world.ts";

/** What a data folder may hold once the last process closed it. */
const FILES = /^(ledger\.jsonl|data\/(local\.db|\.create\.lock))$/;
const TURN_ENDS = /^turn\.(completed|failed|cancelled|sealed)$/;

/** Everything that is wrong; the last process lived and told what it found. */
export function check({ scenario: name }: Case, lives: readonly Life[], folder: string): string[] {
  const found: string[] = [];
  const scenario = SCENARIOS[name];
  const last = lives.at(-1)?.lines ?? [];
  const before = lives.slice(0, -1).flatMap(({ lines }) => lines);
  const all = [...before, ...last];
  if (scenario === undefined || linesOf(last, "closed").length !== 1) return ["I5: the last process did not end"];
  for (const { message } of linesOf(all, "violation")) found.push(message);
  for (const dump of linesOf(last, "dump")) {
    const told = dump.when === "recovered" ? before : all;
    attempt(found, () => checkDump(dump, told, folder));
    checkTold(found, dump, told);
  }
  const settled = linesOf(last, "dump").find(({ when }) => when === "settled");
  if (settled === undefined) found.push("I5: the scenario did not end");
  else checkEnd(found, scenario, settled);
  checkAnswers(found, all);
  for (const { lines } of lives) checkLive(found, lines);
  for (const file of filesIn(folder)) if (!FILES.test(file)) found.push(`I9: there is a stranger, "${file}"`);
  return found;
}

/** I1 to I7 for what is stored. */
function checkDump(dump: Dump, told: readonly Line[], folder: string): void {
  const effects = readEffects(ledgerPath(folder)).slice(0, dump.effects);
  if (dump.integrity !== "ok") throw new Error(`I7: ${dump.integrity}`);
  const called = new Set<string>();
  for (const session of dump.sessions) {
    const acked = linesOf(told, "acked").filter(({ sessionId }) => sessionId === session.id).map(({ text }) => text);
    const ledger = new Ledger();
    for (const tool of Object.keys(EFFECTS)) ledger.names.add(tool);
    ledger.effects.push(...effects);
    const waiting = session.status === "waiting_for_tool_results";
    assertInvariants(session.events, session.messages, {
      acked: [...new Set(acked)],
      ledger,
      effects: EFFECTS,
      waiting,
    });
    if (session.status === "active") throw new Error(`I5: session ${session.id} is still active`);
    for (const id of callsIn(session)) called.add(id);
  }
  checkRuns(dump, effects.filter(({ tool }) => tool in RUN_EFFECTS));
  for (const { tool, callId, key } of effects) {
    if (tool in RUN_EFFECTS) continue;
    if (!called.has(callId)) throw new Error(`I2: ${tool} ran for a call that is not stored (${callId})`);
    if (!key.endsWith(callId)) throw new Error(`I4: the key of ${callId} is "${key}"`);
  }
}

/** I3: what runs beside turns belongs to a stored task, and what must not be repeated is not. */
function checkRuns({ kept }: Dump, effects: readonly Effect[]): void {
  for (const { tool, key } of effects) {
    if (!kept.includes(key)) throw new Error(`I2: ${tool} ran for a task that is not stored (${key})`);
    const count = effects.filter((effect) => effect.tool === tool).length;
    if (RUN_EFFECTS[tool] === "at_most_once" && count > 1) throw new Error(`I3: ${tool} was run ${count} times`);
    if (effects.some((effect) => effect.tool === tool && effect.key !== key)) {
      throw new Error(`I4: ${tool} ran under several keys`);
    }
  }
}

/** I1, I6: what anybody was told of is there, as it was told. */
function checkTold(found: string[], dump: Dump, told: readonly Line[]): void {
  const logs = new Map(dump.sessions.map(({ id, events }) => [id, events]));
  for (const { name } of linesOf(told, "kept")) if (!dump.kept.includes(name)) found.push(`I1: "${name}" is lost`);
  for (const { sessionId, callId } of linesOf(told, "answered")) {
    if (!(logs.get(sessionId) ?? []).some((event) => isAnswer(event, callId))) {
      found.push(`I1: the answer to ${callId} is lost`);
    }
  }
  for (const { sessionId, sequence, id, event: type } of linesOf(told, "seen")) {
    const stored = logs.get(sessionId)?.[sequence - 1];
    if (stored?.id !== id || stored.type !== type) found.push(`I6: ${type} ${sequence} was seen and is not stored`);
  }
  for (const { sessionId, turnId, status, text } of linesOf(told, "finished")) {
    if (status === "waiting") continue;
    const ends = (logs.get(sessionId) ?? []).filter((event) => TURN_ENDS.test(event.type) && turnOf(event) === turnId);
    if (ends.length !== 1) found.push(`I5: the turn of "${text}" was ${status} and has ${ends.length} ends`);
  }
}

/** The end is the same wherever processes died: I1, I5, I11. */
function checkEnd(found: string[], scenario: Scenario, settled: Dump): void {
  const ends = scenario.ends ?? ["turn.completed"];
  const expected = new Map([[SESSION, scenario.inputs], ...scenario.others ?? []]);
  for (const [id, inputs] of expected) {
    const session = settled.sessions.find((candidate) => candidate.id === id);
    const stored = inputsOf(session?.messages ?? []).map(scenario.normalize ?? ((input) => input));
    if (JSON.stringify([...stored].sort()) !== JSON.stringify([...inputs].sort())) {
      found.push(`I1: the inputs of ${id} are ${JSON.stringify(stored)}`);
    }
    if (session?.status !== "idle") found.push(`I5: session ${id} is ${session?.status}`);
    const turns = session?.events.filter(({ type }) => TURN_ENDS.test(type)) ?? [];
    const wrong = turns.filter(({ type }) => !ends.includes(type));
    if (turns.length === 0 || wrong.length > 0) found.push(`I11: ${id} has the turn ends ${turns.map((e) => e.type)}`);
    if (turns.at(-1)?.type !== "turn.completed") continue;
    const answer = session?.messages.at(-1)?.content.flatMap((part) => part.type === "text" ? [part.text] : []).join();
    if (answer !== ANSWER) found.push(`I11: the last answer of ${id} is "${answer}"`);
  }
}

/** A repeated input gets the answer the first one got. */
function checkAnswers(found: string[], told: readonly Line[]): void {
  const first = new Map<string, string>();
  for (const { sessionId, text, turnId, status, response } of linesOf(told, "finished")) {
    if (status === "waiting") continue;
    const key = `${sessionId} ${text}`;
    const answer = JSON.stringify([turnId, status, response]);
    if ((first.get(key) ?? answer) !== answer) found.push(`I1: "${text}" is answered ${first.get(key)} and ${answer}`);
    first.set(key, answer);
  }
}

/** I6: a live subscriber sees neither gaps nor repeats. */
function checkLive(found: string[], lines: readonly Line[]): void {
  const last = new Map<string, number>();
  for (const { sessionId, sequence } of linesOf(lines, "seen")) {
    const previous = last.get(sessionId);
    if (previous !== undefined && sequence !== previous + 1) found.push(`I6: ${sequence} is seen after ${previous}`);
    last.set(sessionId, sequence);
  }
}

function attempt(found: string[], checks: () => void): void {
  try {
    checks();
  } catch (error) {
    found.push(messageOf(error));
  }
}

function callsIn({ events }: SessionDump): string[] {
  return events.flatMap((event) =>
    event.type === "output.message.completed"
      ? event.data.message.content.flatMap((part) => part.type === "tool_call" ? [part.id] : [])
      : []
  );
}

function isAnswer(event: Event, callId: string): boolean {
  return (event.type === "tool.completed" || event.type === "tool.decided") && event.data.toolCallId === callId;
}

function turnOf(event: Event): string | undefined {
  return "turnId" in event.data ? String(event.data.turnId) : undefined;
}

/** Every file under a folder, by its path from there. */
function filesIn(folder: string, way: string = ""): string[] {
  return [...Deno.readDirSync(join(folder, way))].flatMap(({ name, isDirectory }) => {
    const path = way === "" ? name : `${way}/${name}`;
    return isDirectory ? filesIn(folder, path) : [path];
  });
}
