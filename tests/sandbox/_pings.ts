/** How long the host leaves a ping unanswered, and how long anybody would have to on this machine just now. */

import process from "node:process";

/** Milliseconds between pings. */
const EVERY_MS = 10;

/** Longest waits for an answer, in milliseconds. */
export interface Lag {
  /** Of the event loop of the host. */
  readonly host: number;
  /** What the host's thread worked in this wait; in the rest of it the machine gave it no turn, or a call held it up. */
  readonly worked: number;
  /** Of a thread that does nothing else: what the machine's other work costs anybody. */
  readonly control: number;
}

/** Shared with the control: when it answered last, and its longest wait. */
const answers = new Float64Array(new SharedArrayBuffer(16));

const CONTROL = `self.onmessage = ({ data: answers }) => {
  answers[0] = Date.now();
  setInterval(() => {
    const now = Date.now();
    answers[1] = Math.max(answers[1], now - answers[0]);
    answers[0] = now;
  }, ${EVERY_MS});
};`;

/** Pings the host and the control while something runs; what waits for a thread longer than the control does is busy. */
export async function lagDuring(run: () => Promise<unknown>): Promise<Lag> {
  const control = new Worker(`data:application/javascript,${encodeURIComponent(CONTROL)}`, { type: "module" });
  answers.fill(0);
  control.postMessage(answers);
  while (answers[0] === 0) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  let longest = { host: 0, worked: 0 };
  let last = { at: Date.now(), work: workOfThread() };
  const answer = (): void => {
    const now = { at: Date.now(), work: workOfThread() };
    const host = now.at - last.at;
    if (host > longest.host) longest = { host, worked: now.work - last.work };
    last = now;
  };
  const pings = setInterval(answer, EVERY_MS);
  try {
    await run();
    answer();
    return { ...longest, control: Math.max(answers[1]!, Date.now() - answers[0]!) };
  } finally {
    clearInterval(pings);
    control.terminate();
  }
}

/** What this thread has worked so far, in milliseconds. */
function workOfThread(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
