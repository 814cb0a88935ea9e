/** Delivery to sessions: a host's own route first, else an input of the session. */

import { RuntimeError } from "../../src/errors.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { BindsSessionHost, SessionHost } from "../../src/ports/session_host.ts";
import type { WakeDelivery } from "./delivery.ts";
import type { WakeRoutes } from "./wake_routes.ts";

/** What a {@linkcode SessionDelivery} is made of. */
export interface SessionDeliveryOptions {
  /** Hosts that run their sessions' turns themselves. */
  readonly routes: WakeRoutes;
  /** Whether an input of the session could be stored by this process now. */
  canTake(sessionId: SessionId): boolean;
  /** Called when a host was bound, so that what waits can go out. */
  bound?(): void;
}

/**
 * Delivers texts to sessions.
 *
 * A live route gets the text and no turn is run for it: that is at least once. Otherwise the text is an input of the
 * session with the key as its idempotency key, committed to the same store: that is exactly once.
 */
export class SessionDelivery implements WakeDelivery, BindsSessionHost {
  readonly #options: SessionDeliveryOptions;
  #host: SessionHost | undefined;

  /** Delivers nothing until a host is bound. */
  constructor(options: SessionDeliveryOptions) {
    this.#options = options;
  }

  /** See {@linkcode BindsSessionHost.bind}; the newest host counts. */
  bind(host: SessionHost): void {
    this.#host = host;
    this.#options.bound?.();
  }

  /**
   * See {@linkcode WakeDelivery.deliver}.
   *
   * @throws {RuntimeError} `host_not_bound` when no runtime was built over the backends
   */
  async deliver(sessionId: SessionId, text: string, idempotencyKey: string, signal?: AbortSignal): Promise<void> {
    if (this.#options.routes.trySend(sessionId, { text, key: idempotencyKey })) return;
    if (this.#host === undefined) {
      throw new RuntimeError(
        "host_not_bound",
        `Cannot deliver to session "${sessionId}": no runtime runs on these backends; build one over them first`,
      );
    }
    await this.#host.deliver(sessionId, text, signal === undefined ? { idempotencyKey } : { idempotencyKey, signal });
  }

  /** See {@linkcode WakeDelivery.canDeliver}. */
  canDeliver(sessionId: SessionId): Promise<boolean> {
    if (this.#options.routes.liveSessions().includes(sessionId)) return Promise.resolve(true);
    return Promise.resolve(this.#host !== undefined && this.#options.canTake(sessionId));
  }
}
