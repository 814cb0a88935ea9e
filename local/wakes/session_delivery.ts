/** Delivery to sessions: a host's own route first, else an input of the session. */

import { RuntimeError } from "../../src/errors.ts";
import type { SessionId } from "../../src/records/ids.ts";
import { userMessage } from "../../src/records/message.ts";
import type { Announcement, BindsSessionHost, SessionHost } from "../../src/ports/session_host.ts";
import { Announcer } from "../../src/kit/announcer.ts";
import { unlessAborted } from "../../src/kit/unless_aborted.ts";
import type { WakeDelivery } from "./delivery.ts";
import type { WakeRoutes } from "./wake_routes.ts";

/** What a {@linkcode SessionDelivery} is made of. */
export interface SessionDeliveryOptions {
  /** Hosts that run their sessions' turns themselves. */
  readonly routes: WakeRoutes;
  /** Whether an input of the session could be stored by this process now. */
  canTake(sessionId: SessionId): boolean;
}

/**
 * Delivers texts to sessions.
 *
 * A live route gets the text, no turn is run for it, and it is delivered when its host is done with it: that is at least
 * once. Otherwise the text is an input of the session with the key as its idempotency key, committed to the same store:
 * that is exactly once. The key is also the input's `metadata.wake`, so that hosts can tell it from what a user wrote. Either may take long, as the step of a turn does; a repeat meanwhile waits for the same one.
 */
export class SessionDelivery implements WakeDelivery, BindsSessionHost {
  readonly #options: SessionDeliveryOptions;
  /** What a route has not done with, or the host not stored, by session and key. */
  readonly #underway = new Map<string, Promise<void>>();
  readonly #announcer = new Announcer();
  #host: SessionHost | undefined;

  /** Delivers nothing until a host is bound. */
  constructor(options: SessionDeliveryOptions) {
    this.#options = options;
  }

  /** See {@linkcode BindsSessionHost.bind}; the newest host counts. */
  bind(host: SessionHost): void {
    this.#host = host;
    this.#announcer.bind(host);
  }

  /**
   * See {@linkcode WakeDelivery.deliver}.
   *
   * @throws {RuntimeError} `host_not_bound` when no runtime was built over the backends
   */
  async deliver(sessionId: SessionId, text: string, idempotencyKey: string, signal?: AbortSignal): Promise<void> {
    const place = placeOf(sessionId, idempotencyKey);
    const underway = this.#underway.get(place);
    if (underway !== undefined) return await unlessAborted(underway, signal);
    const handed = this.#options.routes.send(sessionId, { text, key: idempotencyKey }) ??
      this.#needHost(sessionId).deliver(sessionId, userMessage(text, { metadata: { wake: idempotencyKey } }), {
        idempotencyKey,
      });
    const stored = handed.finally(() => this.#underway.delete(place));
    this.#underway.set(place, stored);
    await unlessAborted(stored, signal);
  }

  /** See {@linkcode WakeDelivery.isUnderway}. */
  isUnderway(sessionId: SessionId, idempotencyKey: string): boolean {
    return this.#underway.has(placeOf(sessionId, idempotencyKey));
  }

  /** See {@linkcode WakeDelivery.canDeliver}. */
  canDeliver(sessionId: SessionId): Promise<boolean> {
    if (this.#options.routes.liveSessions().includes(sessionId)) return Promise.resolve(true);
    return Promise.resolve(this.#host !== undefined && this.#options.canTake(sessionId));
  }

  /** See {@linkcode WakeDelivery.announce}. */
  announce(sessionId: SessionId, announcement: Announcement): void {
    this.#announcer.announce(sessionId, announcement);
  }

  #needHost(sessionId: SessionId): SessionHost {
    if (this.#host !== undefined) return this.#host;
    throw new RuntimeError(
      "host_not_bound",
      `Cannot deliver to session "${sessionId}": no runtime runs on these backends; build one over them first`,
    );
  }
}

/** Names a delivery; an id has no line feed. */
function placeOf(sessionId: SessionId, key: string): string {
  return `${sessionId}\n${key}`;
}
