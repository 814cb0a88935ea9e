/** The control: a journal that breaks the promise the harness is there to prove. */

import type { Event, EventDraft } from "../../src/records/event.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { CommittedStep, SessionJournal, SessionStep } from "../../src/ports/journal.ts";

/** A step that is not stored yet. */
interface Held {
  readonly expectedSequence: number;
  readonly events: readonly EventDraft[];
}

/**
 * A journal that stores start marks together with what follows them: after the effect.
 *
 * A process that dies in between leaves no sign that the call ever began.
 */
export function withLateMarks(journal: SessionJournal): SessionJournal {
  const held = new Map<SessionId, Held>();
  const commit = async (step: SessionStep): Promise<CommittedStep> => {
    const earlier = held.get(step.sessionId);
    const events = [...earlier?.events ?? [], ...step.events];
    const expectedSequence = earlier?.expectedSequence ?? step.expectedSequence;
    if (step.events.every(({ type }) => type === "tool.started")) {
      held.set(step.sessionId, { events, expectedSequence });
      return pretend(step);
    }
    held.delete(step.sessionId);
    const committed = await journal.commit({ ...step, events, expectedSequence });
    return { ...committed, events: committed.events.slice(earlier?.events.length ?? 0) };
  };
  return new Proxy(journal, {
    get: (target, key) => {
      if (key === "commit") return commit;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function pretend({ events, expectedSequence, sessionId }: SessionStep): CommittedStep {
  const numbered = events.map((draft, at): Event => {
    const { type, data, context } = draft;
    const sequence = expectedSequence + at + 1;
    return { id: `event_${sequence}`, type, ts: 0, sessionId, context, data, sequence } as Event;
  });
  return { events: numbered, messages: [], lastSequence: expectedSequence + events.length };
}
