/** Who this process is, so that others on the same files can tell whether it still lives. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessIdentity } from './wire.ts';

export function identifyProcess(): ProcessIdentity {
  return {
    id: randomBytes(5).toString('hex'),
    host: [hostname(), readOr('/proc/sys/kernel/random/boot_id'), linkOr('/proc/self/ns/pid')].join(' ').trim(),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

/** When a process began, in clock ticks since boot (proc(5), field 22); empty where /proc is not. */
export function startOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''; // the command's name may hold spaces and brackets
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
