/** Keys of this installation, made once and kept in the state store: they seal what comes back from outside. */
import { randomBytes } from 'node:crypto';
import { collections } from './store.ts';
import type { Room } from './room.ts';

const keyBytes = 32;

/** The same key for every process on this store. */
export async function installationKey(room: Pick<Room, 'documents' | 'commit'>, name: string): Promise<Uint8Array> {
  for (let race = 0; race < 25; race++) {
    const known = await room.documents.get(collections.keys, name);
    if (typeof known?.value === 'string') return Buffer.from(known.value, 'base64');
    const made = randomBytes(keyBytes);
    const put = {
      op: 'put',
      collection: collections.keys,
      key: name,
      value: made.toString('base64'),
      ifVersion: 0,
    } as const;
    if ((await room.commit.commit([put])).ok) return made;
    await new Promise((resolve) => setTimeout(resolve, 20 * (race + 1)));
  }
  throw new Error(`the key "${name}" could not be read from the state store`);
}

/** True once per nonce, across processes and restarts, until it expires. */
export async function isFirst(
  room: Pick<Room, 'commit'>,
  channel: string,
  nonce: string,
  expiresAtMs: number,
): Promise<boolean> {
  const key = `${channel}.${nonce}`;
  const put = { op: 'put', collection: collections.nonces, key, value: 1, ifVersion: 0, expiresAtMs } as const;
  return (await room.commit.commit([put])).ok;
}
