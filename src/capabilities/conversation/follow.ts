/** Reading a conversation that grows, each message once. */

import type { Message } from "../../records/message.ts";

interface Reading<State> {
  readonly state: State;
  read: number;
  /** The message that was read last. */
  last: Message | undefined;
}

/**
 * Makes a reader that goes on where it was for the same conversation, which may only grow.
 *
 * Lists are copies, since hooks may change theirs, while messages are stored and stay the same objects: a conversation is
 * the same one when it begins with the same message and has the same one where reading stopped. So what was found in
 * 10,000 messages costs the request after them nothing.
 */
export function follow<State>(
  start: () => State,
  step: (state: State, message: Message) => void,
): (messages: readonly Message[]) => State {
  const known = new WeakMap<Message, Reading<State>>();
  return (messages) => {
    const [first] = messages;
    if (first === undefined) return start();
    let reading = known.get(first);
    if (reading === undefined || messages[reading.read - 1] !== reading.last) {
      known.set(first, reading = { state: start(), read: 0, last: undefined });
    }
    for (; reading.read < messages.length; reading.read++) {
      const message = messages[reading.read]!;
      step(reading.state, message);
      reading.last = message;
    }
    return reading.state;
  };
}
