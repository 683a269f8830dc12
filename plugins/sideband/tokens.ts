/** The two tokens: the SDK's opens everything, the adapter's only what judges and settles calls. */
import { createHash, timingSafeEqual } from 'node:crypto';

export const sdkTokenName = 'HELIO_SDK_TOKEN';
export const adapterTokenName = 'HELIO_ADAPTER_TOKEN';

export type Door = 'sdk' | 'adapter';

export interface Tokens {
  /** Whether a bearer token opens a route. Takes the same time for every wrong one. */
  opens(bearer: string, door: Door): boolean;
}

export function createTokens(sdk: string, adapter: string | undefined): Tokens {
  const [sdkDigest, adapterDigest] = [digestOf(sdk), adapter === undefined ? undefined : digestOf(adapter)];
  return {
    opens(bearer, door) {
      const digest = digestOf(bearer);
      const isSdk = timingSafeEqual(digest, sdkDigest);
      const isAdapter = adapterDigest !== undefined && timingSafeEqual(digest, adapterDigest);
      return isSdk || (isAdapter && door === 'adapter');
    },
  };
}

/** Why a token from the environment cannot be used; undefined when it can. */
export function tokenProblem(token: string): string | undefined {
  return /^[\x21-\x7e]{8,512}$/.test(token) ? undefined : 'is not 8 to 512 visible ASCII characters without spaces';
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
