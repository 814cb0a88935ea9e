/** Telling the session host what became of a backend's records. */

import type { SessionId } from "../records/ids.ts";
import type { TaskMessage } from "../records/task.ts";
import type { Announcement, BindsSessionHost, SessionHost } from "../ports/session_host.ts";

/**
 * Hands announcements to the session host that was bound last; without one they are dropped.
 *
 * Call it once a change is stored: nothing it does can fail the change.
 */
export class Announcer implements BindsSessionHost {
  #host: SessionHost | undefined;

  /** See {@linkcode BindsSessionHost.bind}; the newest host counts. */
  bind(host: SessionHost): void {
    this.#host = host;
  }

  /** See {@linkcode SessionHost.announce}; never throws. */
  announce(sessionId: SessionId, announcement: Announcement): void {
    try {
      this.#host?.announce?.(sessionId, announcement);
    } catch {
      // What was announced has happened, whether anybody could be told or not.
    }
  }
}

/** What is said about a message of a task's thread that was stored. */
export function announcedMessage(message: TaskMessage): Announcement {
  const type = message.direction === "inbound" ? "task.message.sent" : "task.message.received";
  return { type, taskId: message.taskId, message };
}
