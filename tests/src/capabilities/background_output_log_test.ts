import assert from "node:assert/strict";
import { OutputLog } from "../../../src/capabilities/background/output_log.ts";
import { FakeHost } from "./_background_support.ts";

const PATH = "/.background/task_1/output.log";

function log(host: FakeHost, limit?: number): OutputLog {
  return new OutputLog(host.files(), PATH, limit === undefined ? {} : { limit });
}

Deno.test("OutputLog makes an empty file for a run that prints nothing", async () => {
  const host = new FakeHost();
  await log(host).flush();
  assert.equal(await host.text(PATH), "");
});

Deno.test("OutputLog keeps the first 262144 characters and says so in one line", async () => {
  const host = new FakeHost();
  const output = log(host);
  for (let index = 0; index < 300; index++) output.append("x".repeat(1_024));
  await output.flush();
  const note = "\n[output cut: only the first 262144 characters are kept]\n";
  assert.equal(await host.text(PATH), `${"x".repeat(262_144)}${note}`);
});

Deno.test("OutputLog keeps output that just fits as it is", async () => {
  const host = new FakeHost();
  const output = log(host, 6);
  output.append("abc");
  output.append("def");
  await output.flush();
  assert.equal(await host.text(PATH), "abcdef");
});

Deno.test("OutputLog never keeps half of a pair", async () => {
  const host = new FakeHost();
  const output = log(host, 2);
  output.append("a😀");
  await output.flush();
  assert.match(await host.text(PATH) ?? "", /^a\n\[output cut/);
});

Deno.test("OutputLog writes nothing more once it is full", async () => {
  const host = new FakeHost();
  const output = log(host, 2);
  output.append("abc");
  await output.flush();
  host.store.writeFile = () => Promise.reject(new Error("must not be written"));
  output.append("d");
  await output.flush();
  assert.ok(output.isWritten);
});

Deno.test("OutputLog remembers the newest 2048 characters, also when it is full", () => {
  const output = log(new FakeHost(), 10);
  output.append("a".repeat(3_000));
  output.append("b".repeat(2_000));
  assert.equal(output.tail, `${"a".repeat(48)}${"b".repeat(2_000)}`);
});

Deno.test("OutputLog writes lone surrogates as the replacement character", async () => {
  const host = new FakeHost();
  const output = log(host);
  output.append("a\ud800b");
  await output.flush();
  assert.equal(await host.text(PATH), "a\ufffdb");
});

Deno.test("OutputLog tries again what could not be written", async () => {
  const host = new FakeHost();
  const output = log(host);
  const write = host.store.writeFile.bind(host.store);
  host.store.writeFile = () => Promise.reject(new Error("full"));
  output.append("out");
  await output.flush();
  assert.equal(output.isWritten, false);
  host.store.writeFile = write;
  await output.flush();
  assert.deepEqual([output.isWritten, await host.text(PATH)], [true, "out"]);
});

Deno.test("OutputLog writes one version after the other", async () => {
  const host = new FakeHost();
  const output = log(host);
  const write = host.store.writeFile.bind(host.store);
  const hold = Promise.withResolvers<void>();
  host.store.writeFile = async (...args) => {
    host.store.writeFile = write;
    await hold.promise;
    return await write(...args);
  };
  output.append("old");
  const first = output.flush();
  output.append(" new");
  const second = output.flush();
  hold.resolve();
  await Promise.all([first, second]);
  assert.equal(await host.text(PATH), "old new");
});
