/** An upstream whose program is not there: Helio says so at once, stays up, and needs no restart when it comes. */
import { spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { helioFolder, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';

const eventually = { timeout: 15_000, interval: 50 };
const readyz = async (helio: Helio) => {
  const answer = await fetch(new URL('/readyz', helio.mcp));
  return { status: answer.status, text: await answer.text() };
};

function command(helio: Helio, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [cli, ...args, '-c', join(helio.folder, 'helio.yaml')], {
    cwd: helio.folder,
    env: { PATH: process.env['PATH'], HOME: helio.folder, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  return new Promise((done) => child.on('close', (code) => done({ code, text })));
}

const config = (upstream: string) => `version: '1'
${upstream}
listen: { port: 0 }
policies: { default: allow }
plugins: [policy, feedback, dashboard]
dashboard: { port: 0, api_secret: a-secret-for-this-test }
`;

it('says at the start which program is missing and what to do, and helio status and doctor say it too', async () => {
  const helio = await startHelio(config('upstream: { command: no-such-program, args: [--token, abc] }'));
  try {
    await expect.poll(() => helio.logs(), eventually).toContain('HELIO_UPSTREAM_PROGRAM');
    expect(helio.logs()).toContain('the program no-such-program was not found in PATH');
    expect(helio.logs()).toContain('correct command, cwd or env.PATH of this upstream in helio.yaml');
    expect(await readyz(helio)).toEqual({
      status: 503,
      text: 'not ready\ndefault: the program no-such-program was not found in PATH\n',
    });
    expect((await fetch(new URL('/livez', helio.mcp))).status).toBe(200);
    const answer = await post(helio.mcp, toolCall('read', {}));
    expect(answer.json.result?.isError ?? 'error' in answer.json).toBe(true);

    const doctor = await command(helio, 'doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.text).toMatch(/fail +upstream +default \(stdio\): the program no-such-program was not found/);
    const status = await command(helio, 'status');
    expect(status.text).toContain('default (stdio): down, the program no-such-program was not found in PATH');
  } finally {
    await helio.stop();
  }
}, 90_000);

it('serves the other upstreams meanwhile, and the missing one as soon as it is there', async () => {
  const folder = await helioFolder();
  const demo = join(import.meta.dirname, '../../dist/examples/demo-upstream/main.js');
  const upstreams = `upstreams:
  late: { command: ./late.sh }
  demo: { command: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(demo)}] }`;
  const helio = await startHelio(config(upstreams), { folder: folder.path });
  try {
    const late = join(folder.path, 'late.sh');
    expect(await readyz(helio)).toEqual({ status: 200, text: `ready\nlate: the program ${late} was not found\n` });
    await writeFile(late, `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(demo)}\n`);
    await chmod(late, 0o755);
    expect(await readyz(helio)).toEqual({ status: 200, text: 'ready\n' });
  } finally {
    await helio.stop();
    await folder.remove();
  }
});

it('tells a folder that is not there from a program that is not there', async () => {
  const helio = await startHelio(config(`upstream: { command: ${JSON.stringify(process.execPath)}, cwd: ./nowhere }`));
  try {
    await expect
      .poll(() => helio.logs(), eventually)
      .toContain(`its working folder ${helio.folder}/nowhere does not exist`);
  } finally {
    await helio.stop();
  }
});
