/** Showing the subscribers of a session what its backends did. */

import type { EventDataMap } from "../records/event_data.ts";
import type { SessionId } from "../records/ids.ts";
import type { SessionTask } from "../records/task.ts";
import type { Announcement } from "../ports/session_host.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";
import { redactTask } from "../kit/task_redaction.ts";
import type { KernelPorts } from "../turn/kernel_ports.ts";

/** Emits the event of an announcement: as JSON of at most 64 KiB, without known secrets. */
export function showAnnouncement(
  { live, secrets }: Pick<KernelPorts, "live" | "secrets">,
  sessionId: SessionId,
  announcement: Announcement,
): void {
  const { type } = announcement;
  const { value } = toBoundedJson(dataOf(announcement));
  live.live(sessionId, {}, type, secrets.redactResult(value) as EventDataMap[typeof type]);
}

/** The data, with what may be long at the end: where it is cut, the rest of it is still there. */
function dataOf(announcement: Announcement): object {
  switch (announcement.type) {
    case "session.title.updated":
      return { title: announcement.title };
    case "task.created":
    case "task.updated":
      return { task: inOrder(redactTask(announcement.task)) };
    case "task.message.sent":
    case "task.message.received": {
      const { taskId, message: { content, ...message } } = announcement;
      return { taskId, message: { ...message, content } };
    }
    case "schedule.triggered": {
      const { description, ...schedule } = announcement.schedule;
      return { schedule: { ...schedule, description } };
    }
  }
}

function inOrder({ displayName, stateDetail, error, resultPath, ...task }: SessionTask): object {
  const { summary, inputRequest, links, artifacts, progress, spec, ...facts } = task;
  const short = { displayName, stateDetail, error, resultPath };
  return { ...facts, ...short, summary, inputRequest, links, artifacts, progress, spec };
}
