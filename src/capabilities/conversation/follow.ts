/** Reading a conversation that grows, each message once. */

import type { Message } from "../../records/message.ts";

/**
 * Makes a reader that goes on where it was for the same list, which may only grow.
 *
 * A session's stored messages are one list for all of its requests: what was found in 10,000 messages costs the
 * request after them nothing.
 */
export function follow<State>(
  start: () => State,
  step: (state: State, message: Message) => void,
): (messages: readonly Message[]) => State {
  const known = new WeakMap<readonly Message[], { readonly state: State; read: number }>();
  return (messages) => {
    let reading = known.get(messages);
    if (reading === undefined) known.set(messages, reading = { state: start(), read: 0 });
    for (; reading.read < messages.length; reading.read++) step(reading.state, messages[reading.read]!);
    return reading.state;
  };
}
