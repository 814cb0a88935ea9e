/** Live delivery: subscribers and the bus get events as they happen, without ever slowing a turn. */

import type { Event, EventContext, EventType } from "../records/event.ts";
import type { EventDataMap } from "../records/event_data.ts";
import type { MessageId, SessionId, TurnId } from "../records/ids.ts";
import type { EventBus } from "../ports/event_bus.ts";
import { Channel, DeltaRun, readers, type Subscriber } from "./event_channel.ts";
import type { ChannelSources } from "./event_reader.ts";

/** What {@linkcode LiveEvents} is made of. */
export interface LiveEventsOptions extends ChannelSources {
  /** The host's bus. */
  readonly bus: EventBus;
  /** Whether the bus only collects, so that deltas may reach it with the next event. */
  readonly busWaits: boolean;
  /** Calls a function of the host outside of every turn. */
  readonly outside: (call: () => void) => void;
}

/** Options of a subscription. */
export interface SubscribeOptions {
  /** First replay durable events with a greater sequence; 0 or more. @default only what happens from now on */
  readonly after?: number;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/**
 * Hands events to the bus and to subscribers.
 *
 * The first delta of a message goes out at once; later ones are joined until the current burst of work is over (one
 * macrotask), so a burst of network data costs one wake-up.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #channels = new Map<SessionId, Channel>();
  readonly #runs = new Map<SessionId, DeltaRun>();
  readonly #held = new Map<TurnId | undefined, (() => void)[]>();
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** Starts delivering. */
  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  /** Delivers committed events, and what is held back behind them. */
  committed(sessionId: SessionId, events: readonly Event[]): void {
    this.#deliver(sessionId, events);
    const turnId = events[0]?.context.turnId;
    const held = this.#held.get(turnId);
    if (held === undefined) return;
    this.#held.delete(turnId);
    for (const deliver of held) deliver();
  }

  /** Holds ephemeral events of a turn back until its first committed ones are delivered. */
  hold(turnId: TurnId): void {
    this.#held.set(turnId, []);
  }

  /** Nobody gets what is held back: what it follows did not happen. */
  drop(turnId: TurnId): void {
    this.#held.delete(turnId);
  }

  /** Delivers an ephemeral event. */
  live<T extends EventType>(sessionId: SessionId, context: EventContext, type: T, data: EventDataMap[T]): void {
    const { ids, clock } = this.#options;
    const base = { id: ids.next("event"), type, ts: clock.now(), sessionId, context };
    // One subscriber must not change what the others see.
    const event = Object.freeze({ ...base, data: Object.freeze(data) }) as Event;
    const held = this.#held.get(context.turnId);
    if (held === undefined) this.#deliver(sessionId, [event]);
    else held.push(() => this.#deliver(sessionId, [event]));
  }

  /** Delivers a piece of an answer or of thinking; joined with its neighbours. */
  delta(kind: DeltaRun["kind"], state: DeltaTarget, delta: string, offset: number): void {
    const held = this.#held.get(state.turnId);
    if (held !== undefined) return void held.push(() => this.delta(kind, state, delta, offset));
    let run = this.#runs.get(state.sessionId);
    if (run === undefined || run.kind !== kind || run.messageId !== state.messageId || run.full) {
      this.#endRun(state.sessionId);
      run = new DeltaRun(kind, state.messageId, state.turnId, state.context, offset);
      this.#runs.set(state.sessionId, run);
      this.#channels.get(state.sessionId)?.push(run);
    }
    run.append(delta);
    if (this.#channels.size > 0) this.#channels.get(state.sessionId)?.grow(delta.length);
    if (offset === 0) return this.#show(state.sessionId, run);
    // Nobody looks: the run is handed over with the next event.
    if (this.#flushing !== undefined || this.#options.busWaits && this.#channels.size === 0) return;
    // A timer and not setImmediate(), whose first use costs 8 ms (Deno 2.9.6).
    this.#flushing = setTimeout(() => this.flush(), 0);
  }

  /**
   * Subscribes to a session: replays, then follows.
   *
   * @throws {RangeError} when `after` is not a whole number of 0 or more
   */
  subscribe(sessionId: SessionId, options: SubscribeOptions = {}): Subscriber {
    const { after } = options;
    if (after !== undefined && !(Number.isSafeInteger(after) && after >= 0)) {
      throw new RangeError(`Cannot subscribe: \`after\` is ${String(after)}, expected a whole number of 0 or more`);
    }
    let channel = this.#channels.get(sessionId);
    if (channel === undefined) {
      const made = new Channel(sessionId, this.#options, () => {
        if (this.#channels.get(sessionId) === made) this.#channels.delete(sessionId);
      });
      channel = made;
      this.#channels.set(sessionId, channel);
    }
    const subscriber = channel.subscribe(after, options.signal);
    if (this.#closed) subscriber.end();
    return subscriber;
  }

  /** Ends every subscription once its subscriber has read what is there. */
  close(): void {
    this.#closed = true;
    if (this.#flushing !== undefined) clearTimeout(this.#flushing);
    for (const sessionId of [...this.#runs.keys()]) this.#endRun(sessionId);
    for (const channel of [...this.#channels.values()]) channel.end();
  }

  /** Hands over the deltas of the current burst. */
  flush(): void {
    this.#flushing = undefined;
    for (const [sessionId, run] of this.#runs) this.#show(sessionId, run);
  }

  #deliver(sessionId: SessionId, events: readonly Event[]): void {
    this.#endRun(sessionId);
    const channel = this.#channels.get(sessionId);
    if (channel !== undefined) {
      for (const event of events) channel.push(event);
      channel.wake();
    }
    this.#toBus(events);
  }

  /** Hands over what there is of a run. */
  #show(sessionId: SessionId, run: DeltaRun): void {
    const event = run.take(sessionId, this.#options.ids, this.#options.clock);
    if (event !== undefined) this.#toBus([event]);
    this.#channels.get(sessionId)?.wake();
  }

  /** Hands what is left of a run to the bus, so that order is kept. */
  #endRun(sessionId: SessionId): void {
    const run = this.#runs.get(sessionId);
    if (run === undefined) return;
    this.#runs.delete(sessionId);
    const event = run.take(sessionId, this.#options.ids, this.#options.clock);
    if (event !== undefined) this.#toBus([event]);
  }

  #toBus(events: readonly Event[]): void {
    const { bus, outside } = this.#options;
    outside(() => {
      for (const event of events) {
        try {
          const pending = bus.emit(event);
          if (pending !== undefined) pending.then(undefined, ignore);
        } catch {
          // A bus only delivers: whatever it throws is its own affair and must not reach the turn.
        }
      }
    });
  }
}

/** Which message a delta belongs to. */
export interface DeltaTarget {
  /** The session. */
  readonly sessionId: SessionId;
  /** The turn. */
  readonly turnId: TurnId;
  /** The message that is being written. */
  readonly messageId: MessageId;
  /** What its events belong to. */
  readonly context: EventContext;
}

function ignore(): void {}

/** The events of one turn out of a subscription, until the turn is over. */
export function eventsOfTurn(
  subscriber: Subscriber,
  turnId: TurnId,
  over: Promise<unknown>,
): AsyncGenerator<Event, undefined> {
  // Not in the generator, which does nothing until it is read: perhaps never.
  const end = (): void => subscriber.end();
  over.then(end, end);
  return readTurn(subscriber, turnId);
}

async function* readTurn(subscriber: Subscriber, turnId: TurnId): AsyncGenerator<Event, undefined> {
  yield* (await readers()).readTurn(subscriber, turnId);
}
