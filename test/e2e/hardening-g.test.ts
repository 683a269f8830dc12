/** Upstreams and clients that misbehave, and a helio.yaml that breaks: Helio keeps serving the others, by the policy that ran. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { post, toolCall } from '../fixtures/helio.ts';
import { answers, type Answering } from '../fixtures/recording-upstream.ts';
import { setStage, type Stage } from '../fixtures/stage.ts';

const yaml = `plugins: [policy, operator, audit, feedback, state-sqlite]
policies: { default: allow, rules: [{ match: { tool: 'delete_*' }, action: deny }] }
`;
let stage: Stage;
beforeAll(async () => void (stage = await setStage(yaml)));
afterAll(() => stage.stop());

describe('an upstream that', () => {
  const gone = new AbortController();
  afterAll(() => gone.abort());
  it.each<[string, Answering]>([
    ['hangs', answers.hang()],
    ['dribbles', answers.dribble(200, 1)],
    ['closes early', answers.closeEarly()],
    ['resets the connection', answers.reset()],
    ['answers 50 MB', answers.text('x'.repeat(50 * 1024 * 1024))],
    ['never ends its stream', answers.sse([': nothing\n\n'], { end: false })],
  ])('%s on some calls does not keep the others waiting', async (_what, answering) => {
    for (let n = 0; n < 10; n++) stage.upstream.next('tools/call', answering);
    const stuck = Array.from({ length: 10 }, () =>
      fetch(stage.helios[0]!.mcp, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify(toolCall('create_payment')),
        signal: gone.signal,
      }).then(
        (answer) => answer.arrayBuffer().catch(() => undefined),
        () => undefined,
      ),
    );
    await expect.poll(() => stage.upstream.calls().length).toBeGreaterThanOrEqual(10);
    const others = await Promise.all(Array.from({ length: 20 }, (_, n) => stage.reason('echo', { n })));
    expect(new Set(others)).toEqual(new Set(['sent']));
    expect(await stage.reason('delete_account')).toBe('policy_denied');
    void stuck;
    stage.upstream.forget();
  });
});

describe('a helio.yaml that cannot be used', () => {
  const path = () => join(stage.folder, 'helio.yaml');
  let good: string;
  beforeAll(async () => {
    const { readFile } = await import('node:fs/promises');
    good = await readFile(path(), 'utf8');
  });
  afterEach(async () => {
    await writeFile(path(), good);
  });
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...'bcdefghi'.split('').map((name, n) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[n]}`).join(', ')}]`),
  ].join('\n');
  it.each<[string, (text: string) => string | undefined]>([
    ['an alias bomb', (text) => `${text}\n${bomb}\n`],
    ['a repeated key', (text) => `${text}policies: { default: allow }\n`],
    ['an unknown key', (text) => `${text}polices: {}\n`],
    ['half of it', (text) => text.slice(0, text.indexOf('match') + 3)],
    ['nothing in it', () => ''],
    ['a plugin that does not exist', (text) => text.replace('[policy,', '[no-such-plugin, policy,')],
    ['the file deleted', () => undefined],
  ])('(%s) changes nothing: the policy that ran still holds, and the reason is on record', async (_what, broken) => {
    const before = (await stage.operator('GET', '/api/audit?q=kind:reload&limit=100')).rows.length;
    const text = broken(good);
    if (text === undefined) await rm(path());
    else await writeFile(path(), text);
    await expect
      .poll(async () => (await stage.operator('GET', '/api/audit?q=kind:reload&limit=100')).rows.length, {
        timeout: 10_000,
      })
      .toBeGreaterThan(before);
    const { rows } = await stage.operator('GET', '/api/audit?q=kind:reload&limit=1');
    const row = await stage.operator('GET', `/api/audit/${rows[0].id}`);
    expect(row).toMatchObject({ outcome: 'denied', error: expect.any(String) });
    expect(await stage.reason('delete_account')).toBe('policy_denied');
    expect(await stage.reason('echo')).toBe('sent');
  });
});

describe('a slow question to the trail', () => {
  it('delays no call', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => post(stage.helios[0]!.mcp, toolCall('echo', { n }))));
    const asking = Array.from({ length: 30 }, () => stage.operator('GET', '/api/audit?q=nothing-like-this&limit=200'));
    const reasons = await Promise.all(Array.from({ length: 30 }, (_, n) => stage.reason('echo', { n })));
    expect(new Set(reasons)).toEqual(new Set(['sent']));
    await Promise.all(asking);
  });
});
