/** `helio audit verify`: is every row as it was written, and is none missing? */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliCommand } from '@gethelio/proxy/plugin';
import { readPublicKeys } from '../store/keys.ts';
import { verifyTrail } from '../store/verify.ts';
import { brokenExit, tell, usageExit, withTrail, type Place } from './open.ts';

export function verifyCommand(place: Place): CliCommand {
  return {
    name: 'audit verify',
    summary: 'Checks every row, link and signature; exit code 6 names the first bad row.',
    options: [
      { flags: '--key <file>', description: 'public keys to trust (default: audit.pub beside the trail)' },
      { flags: '--head <seq:hash>', description: 'an end of the trail that was noted elsewhere and must be in it' },
    ],
    run: (input) =>
      withTrail(place, input, (_operations, database) => {
        const { key, head } = input.options;
        const noted = typeof head === 'string' ? /^(\d+):([0-9a-f]{64})$/.exec(head) : undefined;
        if (noted === null)
          return (
            tell(input, 'HELIO_CLI_USAGE', '--head wants SEQ:HASH as "helio audit verify" printed it'),
            usageExit
          );
        if (typeof key === 'string' && !existsSync(resolve(key)))
          return (tell(input, 'HELIO_CLI_USAGE', `there is no key file ${key}`), usageExit);
        const found = verifyTrail(
          database,
          readPublicKeys(place.stateDir, typeof key === 'string' ? resolve(key) : undefined),
          {
            ...(noted && { expected: { seq: Number(noted[1]), hash: noted[2]! } }),
            progress: (checked, total) => input.progress?.(`checked ${checked} of ${total} rows`),
          },
        );
        input.progress?.(undefined);
        if (input.json) input.out(JSON.stringify(found));
        else if (found.ok) {
          const pruned =
            found.segments.pruned === 0 ? '' : `, ${found.segments.pruned} segments pruned with a signed stub`;
          input.out(
            `The chain is whole: ${found.checked} rows up to ${found.lastSeq}, signed up to ${found.signedTo}${pruned}.`,
          );
          if (found.head) input.out(`Head: ${found.lastSeq}:${found.head}`);
        } else {
          input.out(`The chain is broken. ${found.fault!.message}`);
          input.note(`${found.checked} rows before it are as they were written.`);
        }
        return found.ok ? 0 : brokenExit;
      }),
  };
}
