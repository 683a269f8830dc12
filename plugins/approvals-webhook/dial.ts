/** An undici agent that looks at the address it really dials: a name that changes its mind between look and dial is caught. */
import { lookup as resolve } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { createReach } from './network.ts';

/** The address is not one that a webhook may reach. */
export class NotReachable extends Error {
  constructor(host: string) {
    super(`${host} is, or resolves to, an address that webhooks may not reach; if it is meant, name it in allow_hosts`);
  }
}

export function createAgent(allowHosts: readonly string[], timeoutMs: number): Agent {
  const isReachable = createReach(allowHosts);
  const connect = buildConnector({
    timeout: timeoutMs,
    // Called by net.connect with what it will dial. All of a name's addresses must be reachable: else it is a trick.
    lookup(host, options, done) {
      resolve(host, { ...options, all: true }, (error, found) => {
        if (error) return done(error, []);
        const addresses = Array.isArray(found) ? found : [];
        if (addresses.length === 0 || !addresses.every(({ address }) => isReachable(host, address)))
          return done(new NotReachable(host), []);
        const [first] = addresses;
        return options.all ? done(null, addresses) : done(null, first!.address, first!.family);
      });
    },
  });
  return new Agent({
    // An address in the URL itself is never looked up, so it is checked here.
    connect(options, callback) {
      const host = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isReachable(host, host)) return callback(new NotReachable(host), null);
      return connect(options, callback);
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: 64 * 1024,
    keepAliveTimeout: 1_000,
  });
}
