/** The example in Python, asked for real. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPlugin } from '@gethelio/proxy/testing';
import { createDecider } from '../../../kernel/plugins/decider.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe.skipIf(!hasPython)('the decider in Python', () => {
  let python: ChildProcess;
  let url: string;
  beforeAll(async () => {
    python = spawn('python3', [join(import.meta.dirname, '../decider.py'), '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    url = await new Promise((resolve) => python.stdout!.once('data', (chunk) => resolve(String(chunk).trim())));
  });
  afterAll(() => void python.kill());

  async function at(hour: number, name: string) {
    const helio = await testPlugin(createDecider(url), {
      with: ['policy'],
      yaml: 'policies: { default: allow }',
      config: { deadline: '5s' },
      nowMs: Date.UTC(2026, 2, 2, hour),
    });
    const told = await helio.call({ name, arguments: { amount: 10 } });
    await helio.stop();
    return told;
  }

  it('lets payments through in office hours, and refuses them at night', async () => {
    expect(await at(10, 'create_payment')).toMatchObject({ effect: 'allow', outcome: 'forwarded' });
    expect(await at(22, 'create_payment')).toMatchObject({ effect: 'deny', code: 'outside_office_hours' });
    expect(await at(22, 'orders.lookup')).toMatchObject({ effect: 'allow' });
  });
});
