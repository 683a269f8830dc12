/** A trail that cannot be opened is one clear error at once, not a wait. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { helioFolder } from '../fixtures/helio.ts';

const config = (path: string) => `version: '1'
upstream: { url: 'http://127.0.0.1:9/mcp' }
listen: { port: 0 }
policies: { default: allow }
plugins: [policy, feedback, audit]
audit: { path: ${path} }
`;

it.each([
  ['below /proc', () => '/proc/nonexistent/x.db', /the folder \/proc\/nonexistent cannot be made \(E[A-Z]+\)/],
  ['below a file', (folder: string) => join(folder, 'helio.yaml/trail/x.db'), /cannot be made \(E[A-Z]+\)/],
])('an audit.path %s is refused with what to do', async (_what, pathIn, reason) => {
  const folder = await helioFolder();
  try {
    await writeFile(join(folder.path, 'helio.yaml'), config(pathIn(folder.path)));
    const child = spawn(process.execPath, [cli, 'start', '-c', join(folder.path, 'helio.yaml')], {
      env: { PATH: process.env['PATH'], HOME: folder.path, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    const code = await new Promise((done) => child.once('close', done));
    expect(code).toBe(1);
    const last = said.slice(said.indexOf('plugin "audit"')).replace(/\s+/g, ' ');
    expect(last).toMatch(reason);
    expect(last).toContain('HELIO_PLUGIN_START');
    expect(last).toContain('fix: name a file in a folder that can be written as audit.path');
    expect(said).not.toContain('took longer than');
    expect(said).not.toMatch(/^\s+at /m);
  } finally {
    await folder.remove();
  }
});
