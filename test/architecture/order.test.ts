/** The order of all taps of the standard set, held by a golden file: a change of it is a change of behaviour. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatOrder } from '../../kernel/cli/commands/plugins.ts';
import { inspect } from '../../kernel/inspect.ts';
import type { Generation } from '../../kernel/generation.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;
let generation: Generation;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helio-order-'));
  const path = join(folder, 'helio.yaml');
  await writeFile(path, "version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\npolicies: { default: allow }\n");
  const { inspected, problems } = await inspect(path, {}, silent);
  if (inspected === undefined) throw new Error(JSON.stringify(problems));
  ({ generation } = inspected);
  close = () => inspected.close();
});
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true });
});

it('is the golden order', async () => {
  await expect(`${formatOrder({ generation })}\n`).toMatchFileSnapshot('./order.golden.txt');
});

it('does not depend on the order of the list in helio.yaml', async () => {
  const names = generation.plugins.map(({ plugin }) => plugin.definition.name);
  const path = join(folder, 'shuffled.yaml');
  await writeFile(
    path,
    `version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\npolicies: { default: allow }\nplugins: ${JSON.stringify([...names].reverse())}\n`,
  );
  const { inspected } = await inspect(path, {}, silent);
  expect(formatOrder(inspected!)).toBe(formatOrder({ generation }));
  await inspected!.close();
});
