/** The official conformance suite, leg by leg: directly and through Helio, equal check by check. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/conformance.mjs', import.meta.url));
const cannotRun = 75;
const legs = spawnSync(process.execPath, [script, '--list'], { encoding: 'utf8' }).stdout.trim().split('\n');

for (const leg of legs) {
  it(`${leg} is the same through Helio as directly`, ({ skip }) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--leg', leg], { encoding: 'utf8' });
    if (status === cannotRun) skip(stderr.trim());
    expect(`${stdout}${status === 0 ? '' : stderr}`).toContain('1 legs equal, 0 legs differ');
  });
}

it('has legs for every revision and every upstream transport', () => {
  expect(legs).toEqual(
    expect.arrayContaining(['server/http/2026-07-28', 'server/stdio/2025-11-25', 'client/auth/2026-07-28']),
  );
});
