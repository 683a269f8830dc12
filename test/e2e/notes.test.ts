/** What nobody may overlook is said off a terminal too: by the JSON line of `helio start`, and by `helio validate`. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { helioFolder, startHelio } from '../fixtures/helio.ts';

const config = (policies: string) => `version: '1'
upstream: { url: 'http://127.0.0.1:9/mcp' }
listen: { port: 0 }
plugins: [policy, feedback, audit]
${policies}
`;
const leftOut = 'policies.default is not written: what no rule allows is denied';

it.each([
  ['no default', "policies: { rules: [{ match: { tool: 'read_*' }, action: allow }] }", [leftOut]],
  ['no section at all', '', [leftOut]],
  [
    'nothing that blocks',
    'policies: { default: allow }',
    ['policies has no rules and default allow: nothing is blocked'],
  ],
  ['a written default', "policies: { default: deny, rules: [{ match: { tool: 'read_*' }, action: allow }] }", []],
])('%s', async (_what, policies, notes) => {
  const folder = await helioFolder();
  try {
    await writeFile(join(folder.path, 'helio.yaml'), config(policies));
    const validate = (...args: string[]) =>
      promisify(execFile)(process.execPath, [cli, 'validate', '-c', join(folder.path, 'helio.yaml'), ...args]);
    const told = await validate();
    expect(told.stderr).toBe(notes.map((note) => `note: ${note}\n`).join(''));
    expect(JSON.parse((await validate('--json')).stdout)).toMatchObject({ ok: true, notes });
    const helio = await startHelio(config(policies), { folder: folder.path });
    expect(helio.banner.notes ?? []).toEqual(notes);
    await helio.stop();
  } finally {
    await folder.remove();
  }
});
