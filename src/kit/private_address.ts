/** Which IP addresses lead into the host's own networks. */

/** Where an address leads: the open internet, this machine, or anywhere else that is not public. */
export type AddressKind = "public" | "loopback" | "private";

/** Blocks of IPv4 that are not public (IANA special-purpose registry), as first address and prefix length. */
const PRIVATE_V4: readonly (readonly [first: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/**
 * Tells where an IP address leads; undefined when the text is no IP address.
 *
 * Takes the forms a URL parser or a resolver gives: dotted IPv4, and IPv6 with or without brackets. An IPv4 address
 * inside an IPv6 one (mapped, NAT64, 6to4) counts as itself; of IPv6 only the global unicast block is public.
 *
 * @example
 * ```ts ignore
 * addressKind("169.254.169.254"); // "private"
 * addressKind("[::ffff:127.0.0.1]"); // "loopback"
 * addressKind("example.com"); // undefined
 * ```
 */
export function addressKind(text: string): AddressKind | undefined {
  const v4 = parseV4(text);
  if (v4 !== undefined) return kindOfV4(v4);
  const groups = parseV6(text.replace(/^\[|\]$/g, "").replace(/%.*$/, ""));
  return groups === undefined ? undefined : kindOfV6(groups);
}

function kindOfV4(address: number): AddressKind {
  if (address >>> 24 === 127) return "loopback";
  const inside = PRIVATE_V4.some(([first, bits]) => (parseV4(first) ?? 0) >>> (32 - bits) === address >>> (32 - bits));
  return inside ? "private" : "public";
}

function kindOfV6(groups: readonly number[]): AddressKind {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const last = ((g << 16) | h) >>> 0;
  const zeroTo4 = a === 0 && b === 0 && c === 0 && d === 0;
  if (zeroTo4 && e === 0 && f === 0) return last === 1 ? "loopback" : last === 0 ? "private" : kindOfV4(last);
  if (zeroTo4 && ((e === 0 && f === 0xffff) || (e === 0xffff && f === 0))) return kindOfV4(last);
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return kindOfV4(last);
  if (a === 0x2002) return kindOfV4(((b << 16) | c) >>> 0);
  // 2001::/23 holds tunnels (Teredo) and identifiers, 2001:db8::/32 and 3fff::/20 are for documents.
  const special = (a === 0x2001 && (b < 0x200 || b === 0xdb8)) || (a === 0x3fff && b < 0x1000);
  return (a & 0xe000) === 0x2000 && !special ? "public" : "private";
}

function parseV4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function parseV6(text: string): readonly number[] | undefined {
  if (!text.includes(":") || !/^[0-9a-f:.]+$/i.test(text)) return undefined;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  let plain = text;
  if (dotted !== null) {
    const v4 = parseV4(dotted[2] ?? "");
    if (v4 === undefined) return undefined;
    plain = `${dotted[1]}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`;
  }
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":"));
  const known = (head?.length ?? 0) + (tail?.length ?? 0);
  if (tail === undefined ? known !== 8 : known > 7) return undefined;
  const groups = [...head ?? [], ...Array<string>(tail === undefined ? 0 : 8 - known).fill("0"), ...tail ?? []];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => parseInt(group, 16))
    : undefined;
}
