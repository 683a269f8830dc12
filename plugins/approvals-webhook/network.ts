/** Which addresses a webhook may reach. Checked when the connection is dialled, on the address that is dialled. */
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Not the public internet: RFC 6890 and its successors in the IANA special-purpose registries. */
const closed: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local; clouds answer with credentials at 169.254.169.254
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96], // unspecified, loopback, IPv4-compatible
  ['::ffff:0:0', 96], // IPv4-mapped: an IPv4 address in disguise
  ['64:ff9b::', 96], // NAT64: the same
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23], // Teredo and others that embed addresses
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

export function isNetwork(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/');
  if (rest.length > 0 || address === undefined || isIP(address) === 0 || !/^\d{1,3}$/.test(prefix ?? '')) return false;
  return Number(prefix) <= (isIPv6(address) ? 128 : 32);
}

function listOf(entries: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of entries) list.addSubnet(address, prefix, family(address));
  return list;
}

// Two lists: a BlockList also holds an IPv4 address against IPv6 rules, as its mapped form, and all of those are closed.
const notPublic = {
  ipv4: listOf(closed.filter(([address]) => !isIPv6(address))),
  ipv6: listOf(closed.filter(([address]) => isIPv6(address))),
};

/** Whether a host name may resolve to this address, given what the operator allowed on purpose. */
export function createReach(allowHosts: readonly string[]): (host: string, address: string) => boolean {
  const names = new Set(allowHosts.map((each) => each.toLowerCase()));
  const networks = listOf(
    allowHosts
      .filter((each) => isIP(each) !== 0 || isNetwork(each))
      .map((each) => {
        const [address, prefix] = each.split('/');
        return [address!, Number(prefix ?? (isIPv6(each) ? 128 : 32))] as const;
      }),
  );
  return (host, address) => {
    if (isIP(address) === 0) return false;
    if (names.has(host.toLowerCase())) return true;
    return networks.check(address, family(address)) || !notPublic[family(address)].check(address, family(address));
  };
}
