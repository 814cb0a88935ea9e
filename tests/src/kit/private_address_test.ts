import assert from "node:assert/strict";
import { addressKind } from "../../../src/kit/private_address.ts";

const KINDS: Readonly<Record<string, readonly string[]>> = {
  public: [
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "100.63.255.255",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "[2a00:1450:4001:81b::200e]",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
  ],
  loopback: ["127.0.0.1", "127.255.255.254", "::1", "[::1]", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1"],
  private: [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "3fff::1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "2002:a00:1::1",
    "64:ff9b:1::1",
  ],
};

for (const [kind, addresses] of Object.entries(KINDS)) {
  Deno.test(`addressKind() calls these addresses ${kind}`, () => {
    assert.deepEqual(addresses.filter((address) => addressKind(address) !== kind), []);
  });
}

Deno.test("addressKind() knows that a name is no address", () => {
  const names = ["example.com", "localhost", "1.2.3", "1.2.3.256", "12345::1", "1::2::3", "1:2:3", "g::1", ""];
  assert.deepEqual(names.filter((name) => addressKind(name) !== undefined), []);
});

Deno.test("addressKind() sees through every spelling that a URL parser takes", () => {
  const urls = [
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://[::ffff:7f00:1]/",
  ];
  assert.deepEqual(urls.map((url) => addressKind(new URL(url).hostname)), urls.map(() => "loopback"));
});
