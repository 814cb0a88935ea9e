/** What every message store must do. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { Message } from "../../records/message.ts";
import type { MessageQuery, RuntimeMessageStore } from "../../ports/stores.ts";
import { check, type ConformanceOptions } from "./conformance_options.ts";
import { messageFixture } from "./record_fixtures.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);

/**
 * Registers one check for each promise of {@linkcode RuntimeMessageStore}.
 *
 * @example
 * ```ts
 * import { InMemoryMessageStore } from "@everruns/runtime";
 * import { testMessageStore } from "@everruns/runtime/testing";
 *
 * const checks: (() => Promise<void>)[] = [];
 * testMessageStore({
 *   name: "my store",
 *   create: () => new InMemoryMessageStore(),
 *   test: (_name, check) => void checks.push(check), // in a test file simply Deno.test
 * });
 * for (const check of checks) await check();
 * ```
 */
export function testMessageStore(options: ConformanceOptions<RuntimeMessageStore>): void {
  check(options, "a session without messages loads none, counts 0 and finds none", async (store) => {
    assert.deepEqual(await store.loadMessages(SESSION), []);
    assert.equal(await store.countMessages(SESSION), 0);
    assert.equal(await store.getMessage(SESSION, idFromSeed("message", 1)), undefined);
    await store.storeMessages(SESSION, []);
    assert.equal(await store.countMessages(SESSION), 0);
  });

  check(options, "loadMessages() gives every message with every member, oldest first", async (store) => {
    const messages = conversation();
    await store.storeMessages(SESSION, messages.slice(0, 2));
    await store.storeMessages(SESSION, messages.slice(2));
    assert.deepEqual(await store.loadMessages(SESSION), messages);
    assert.equal(await store.countMessages(SESSION), messages.length);
  });

  check(options, "storeMessages() leaves a message whose id is there as it is", async (store) => {
    const first = messageFixture(1, { sequence: 1 });
    await store.storeMessages(SESSION, [first]);
    const changed = messageFixture(1, { sequence: 5, content: [{ type: "text", text: "changed" }] });
    await store.storeMessages(SESSION, [changed, messageFixture(2, { sequence: 6 }), changed]);
    assert.deepEqual(await store.loadMessages(SESSION), [first, messageFixture(2, { sequence: 6 })]);
    assert.deepEqual(await store.getMessage(SESSION, first.id), first);
    assert.equal(await store.countMessages(SESSION), 2);
  });

  check(options, "storeMessages() recognises an old message in a long history", async (store) => {
    const messages = numbered(300);
    await store.storeMessages(SESSION, messages);
    await store.storeMessages(SESSION, [messages[0]!, messages[150]!, messages[299]!]);
    assert.equal(await store.countMessages(SESSION), 300);
  });

  check(options, "getMessage() finds a message of its own session only", async (store) => {
    await store.storeMessages(SESSION, numbered(40));
    assert.deepEqual(await store.getMessage(SESSION, idFromSeed("message", 7)), messageFixture(7, { sequence: 7 }));
    assert.equal(await store.getMessage(OTHER_SESSION, idFromSeed("message", 7)), undefined);
    assert.deepEqual(await store.loadMessages(OTHER_SESSION), []);
  });

  check(options, "a loaded list does not change when messages are stored later", async (store) => {
    await store.storeMessages(SESSION, numbered(2));
    const loaded = await store.loadMessages(SESSION);
    await store.storeMessages(SESSION, [messageFixture(3, { sequence: 3 })]);
    assert.equal(loaded.length, 2);
  });

  check(options, "messages without a sequence come first, as they were stored", async (store) => {
    await store.storeMessages(SESSION, [messageFixture(8), messageFixture(5)]);
    await store.storeMessages(SESSION, [messageFixture(1, { sequence: 1 })]);
    await store.storeMessages(SESSION, [messageFixture(6)]);
    assert.deepEqual(seeds(await store.loadMessages(SESSION)), [8, 5, 6, 1]);
  });

  check(options, "messages that are stored late stand where their sequence puts them", async (store) => {
    for (const seed of [4, 1, 3]) await store.storeMessages(SESSION, [messageFixture(seed, { sequence: seed })]);
    await store.storeMessages(SESSION, [messageFixture(2, { sequence: 2 })]);
    assert.deepEqual(seeds(await store.loadMessages(SESSION)), [1, 2, 3, 4]);
  });

  const queries: readonly (readonly [what: string, query: MessageQuery, expected: readonly number[]])[] = [
    ["after: 0 leaves out messages without a sequence", { after: 0 }, [2, 4, 6, 8]],
    ["after: -1 gives all", { after: -1 }, [90, 91, 2, 4, 6, 8]],
    ["after a sequence leaves out that one", { after: 4 }, [6, 8]],
    ["after a sequence no message has gives the later ones", { after: 5 }, [6, 8]],
    ["after the newest gives none", { after: 8 }, []],
    ["limit gives the newest", { limit: 2 }, [6, 8]],
    ["a limit of 0 gives none", { limit: 0 }, []],
    ["a limit above the count gives all", { limit: 99 }, [90, 91, 2, 4, 6, 8]],
    ["limit and after give the newest of the later ones", { after: 2, limit: 2 }, [6, 8]],
    ["a limit above what is later gives that and no more", { after: 4, limit: 4, keepHead: 1 }, [6, 8]],
    ["keepHead gives the first ones too", { limit: 1, keepHead: 2 }, [90, 91, 8]],
    ["keepHead with a limit of 0 gives the first ones alone", { limit: 0, keepHead: 1 }, [90]],
    ["keepHead repeats no message", { limit: 4, keepHead: 4 }, [90, 91, 2, 4, 6, 8]],
    ["keepHead and after give the first of the later ones", { after: 0, limit: 1, keepHead: 1 }, [2, 8]],
    ["keepHead without a limit gives all", { keepHead: 1 }, [90, 91, 2, 4, 6, 8]],
  ];
  for (const [what, query, expected] of queries) {
    check(options, `loadMessages(): ${what}`, async (store) => {
      await store.storeMessages(SESSION, [messageFixture(90), messageFixture(91)]);
      await store.storeMessages(SESSION, [2, 4, 6, 8].map((seed) => messageFixture(seed, { sequence: seed })));
      assert.deepEqual(seeds(await store.loadMessages(SESSION, query)), expected);
    });
  }
}

function numbered(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => messageFixture(index + 1, { sequence: index + 1 }));
}

function seeds(messages: readonly Message[]): number[] {
  return messages.map(({ id }) => Number.parseInt(id.slice("message_".length), 16));
}

/** A message of each role with each kind of part. */
function conversation(): Message[] {
  const call = idFromSeed("call", 1);
  return [
    messageFixture(1, {
      sequence: 1,
      tags: ["t"],
      controls: { reasoning: { effort: "low" } },
      externalActor: { actorId: "U1", actorName: "Ada", source: "slack", metadata: { channel: { id: 7 } } },
      content: [
        { type: "text", text: "Look." },
        { type: "image", url: "https://example.com/a.png" },
        { type: "image_file", imageId: "img_1", filename: "b.png" },
      ],
    }),
    messageFixture(2, {
      sequence: 3,
      role: "agent",
      phase: "commentary",
      thinking: "Hm.",
      thinkingSignature: "c2ln",
      content: [
        { type: "reasoning", provider: "openai", itemId: "rs_1", encryptedContent: "AAAA", summary: ["one"] },
        { type: "text", text: "Adding. \u{1F522}" },
        { type: "tool_call", id: call, name: "add", arguments: { a: 1, b: [null, 2.5] }, providerCallId: "p1" },
      ],
    }),
    messageFixture(3, {
      sequence: 5,
      role: "tool_result",
      content: [
        { type: "tool_result", toolCallId: call, result: { result: 3.5 } },
        { type: "image", base64: "iVBORw0=", mediaType: "image/png" },
      ],
    }),
    messageFixture(4, {
      sequence: 6,
      role: "tool_result",
      content: [{ type: "tool_result", toolCallId: idFromSeed("call", 2), error: "it is gone" }],
    }),
    messageFixture(5, { sequence: 8, role: "system", modelContent: [{ type: "text", text: "" }] }),
  ];
}
