/** UUIDv7 (RFC 9562 section 5.7): ids that sort by time, also within one millisecond. */
import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4096); // one system call for 400 ids
let used = pool.length;
let lastMs = 0;
let counter = 0;

/** Method 1 of section 6.2: a 12-bit counter, seeded at random below half, that borrows from the next millisecond when full. */
export function uuidv7(nowMs: number): string {
  if (used + 10 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, (used += 10));
  // A clock that was set back by a little must not break the order; one that was set back by much must not stop the ids.
  if (nowMs > lastMs || nowMs < lastMs - 10_000) [lastMs, counter] = [nowMs, bytes.readUInt16BE(8) & 0x7ff];
  else if (++counter > 0xfff) [lastMs, counter] = [lastMs + 1, 0];
  const time = Math.floor(lastMs).toString(16).padStart(12, '0');
  const tail = bytes.toString('hex', 0, 8);
  const variant = ((bytes[0]! & 0x3f) | 0x80).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}${tail.slice(2, 4)}-${tail.slice(4)}`;
}
