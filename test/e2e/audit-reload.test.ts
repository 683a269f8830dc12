import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProxy } from '../../kernel/proxy.ts';
import { rowsOf } from '../../plugins/audit/test/kit.ts';

test('a reload changes what is kept from the next call on, and the chain goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'helio-audit-'));
  const upstream = createServer((_request, response) => void response.writeHead(404).end());
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const write = (audited: string) =>
    writeFileSync(
      join(folder, 'helio.yaml'),
      `version: '1'\nupstream: { url: 'http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp' }\nplugins: [policy, audit]\npolicies: { default: deny }\naudit: ${audited}\n`,
    );
  write('{}');
  const quiet = () => {};
  const proxy = await startProxy({
    configPath: join(folder, 'helio.yaml'),
    env: {},
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    doors: 'none',
    hotReload: false,
  });
  await proxy.kernel.record({ kind: 'login', data: { password: 'first' } });
  write("{ redact: [{ keys: ['password'] }] }");
  expect(await proxy.reload()).toEqual([]);
  await proxy.kernel.record({ kind: 'login', data: { password: 'second' } });
  write('{ retention: never }');
  expect((await proxy.reload()).length).toBeGreaterThan(0);
  await proxy.stop();
  upstream.close();
  const rows = rowsOf(folder);
  const kinds = rows.filter(({ kind }) => kind === 'login' || kind === 'reload');
  expect(kinds).toMatchObject([
    { kind: 'login', data: { password: 'first' } },
    { kind: 'reload', outcome: 'forwarded' },
    { kind: 'login', data: { password: '***' } },
    { kind: 'reload', outcome: 'denied', error: expect.stringContaining('retention') },
  ]);
  expect(kinds[1]!.config_hash).not.toBe(kinds[0]!.config_hash);
  rmSync(folder, { recursive: true, force: true });
});
