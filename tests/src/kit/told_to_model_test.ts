/** What a model may know of an error that is not made for it. */

import assert from "node:assert/strict";
import { RuntimeError, StoreError, ToolError } from "../../../src/errors.ts";
import { toldToModel } from "../../../src/kit/told_to_model.ts";
import * as local from "../../../local/errors.ts";

const PATH = "/home/me/agent-data/local.db";

Deno.test("the words of errors of the runtime are told", () => {
  assert.equal(toldToModel(new ToolError("it has ended")), "it has ended");
  assert.equal(toldToModel(new RuntimeError("queue_full", "the queue is full")), "the queue is full");
});

Deno.test("what is no error of the runtime is an internal error", () => {
  for (const thrown of [new Error("password=hunter2"), "password=hunter2", undefined]) {
    assert.equal(toldToModel(thrown), "an internal error");
  }
});

for (
  const error of [
    new StoreError(`write to store "${PATH}"`, new Error("disk I/O error")),
    new local.CorruptStoreError(PATH, "it is empty"),
    new local.StoreTooNewError(PATH, 2, 1),
    new local.UnsafeStoreError(PATH, "it is a symbolic link"),
    new local.StoreBusyError(PATH, 5_000),
    new local.StorageFullError(PATH),
    new local.ReadOnlyStorageError(PATH),
  ]
) {
  Deno.test(`of ${error.name} only the code is told: its words are for the host and name its files`, () => {
    assert.match(error.message, /agent-data/);
    assert.equal(toldToModel(error), `an internal error (${error.code})`);
  });
}
