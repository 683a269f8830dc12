/** What an upstream advertises, byte for byte, and how few lists it takes to know. */
import { describe, expect, test } from 'vitest';
import { resultAnswer } from '../../../kernel/answer.ts';
import { createCatalogue, type Asker } from '../../../kernel/mcp/catalogue.ts';

const listOf = (names: readonly string[], nextCursor?: string) =>
  resultAnswer({
    tools: names.map((name) => ({ name, inputSchema: {} })),
    ...(nextCursor !== undefined && { nextCursor }),
  });

function upstream(pages: () => readonly (readonly string[])[], viewKey = 'v') {
  const asked: (string | undefined)[] = [];
  const asker: Asker = {
    viewKey,
    async list(cursor) {
      asked.push(cursor);
      const at = cursor === undefined ? 0 : Number(cursor);
      const all = pages();
      return listOf(all[at]!, at + 1 < all.length ? String(at + 1) : undefined);
    },
  };
  return { asked, asker };
}

test('fetches all pages once, and answers at once from then on', async () => {
  const catalogue = createCatalogue('trusted');
  const { asked, asker } = upstream(() => [['a'], ['b'], ['c']]);
  expect(await catalogue.lookup('c', asker)).toMatchObject({ found: { name: 'c' } });
  expect(asked).toEqual([undefined, '1', '2']);
  expect(catalogue.lookup('a', asker)).toMatchObject({ found: { name: 'a' } });
  expect(asked).toHaveLength(3);
});

test('learns from the lists that pass, page by page, and asks nobody', () => {
  const catalogue = createCatalogue('trusted');
  const { asked, asker } = upstream(() => []);
  catalogue.learn('v', undefined, listOf(['a'], 'x'));
  expect(catalogue.lookup('a', asker)).toMatchObject({ found: { name: 'a' } });
  catalogue.learn('v', 'x', listOf(['b']));
  expect(catalogue.lookup('b', asker)).toMatchObject({ found: { name: 'b' } });
  expect(asked).toEqual([]);
});

test.each(['Echo', 'echo ', ' echo', 'echo\u200b', 'ｅcho', 'есhо', 'ECHO', 'e\u0301cho', ''])(
  'the near miss %j is unknown, and what it looks like is told for the record',
  async (name) => {
    const catalogue = createCatalogue('trusted');
    const { asker } = upstream(() => [['echo', '\u00e9cho']]);
    expect(await catalogue.lookup(name, asker)).toEqual({ unknown: true, ...(name !== '' && { near: 'echo' }) });
  },
);

test('an unknown name causes one fresh list, a flood of them a few', async () => {
  let nowMs = 0;
  const catalogue = createCatalogue('trusted', () => nowMs);
  let names = ['a'];
  const { asked, asker } = upstream(() => [names]);
  await catalogue.lookup('a', asker);
  names = ['a', 'new'];
  expect(await catalogue.lookup('new', asker)).toMatchObject({ found: { name: 'new' } });
  expect(asked).toHaveLength(2);
  const flood = await Promise.all(Array.from({ length: 1000 }, (_, n) => catalogue.lookup(`x${n}`, asker)));
  expect(flood.every((lookup) => 'unknown' in lookup)).toBe(true);
  for (let n = 0; n < 1000; n++) await catalogue.lookup(`y${n}`, asker);
  expect(asked.length).toBeLessThanOrEqual(4);
  nowMs += 60_000;
  await catalogue.lookup('z', asker);
  expect(asked.length).toBeLessThanOrEqual(5);
});

test('list_changed makes the next lookup ask; when the list cannot be had, the tool is unavailable', async () => {
  const catalogue = createCatalogue('trusted');
  let names = ['a'];
  const { asked, asker } = upstream(() => [names]);
  await catalogue.lookup('a', asker);
  names = [];
  catalogue.invalidate();
  expect(await catalogue.lookup('a', asker)).toEqual({ unknown: true });
  expect(asked).toHaveLength(2);
  catalogue.invalidate();
  const down: Asker = { viewKey: 'v', list: () => Promise.reject(new Error('it is down')) };
  expect(await catalogue.lookup('a', down)).toEqual({ unavailable: 'it is down' });
});

test('every client has its own view', async () => {
  const catalogue = createCatalogue('trusted');
  const [one, two] = [upstream(() => [['a']], 'one'), upstream(() => [['b']], 'two')];
  expect(await catalogue.lookup('a', one.asker)).toMatchObject({ found: {} });
  expect(await catalogue.lookup('a', two.asker)).toEqual({ unknown: true });
});

test('an endless list is given up', async () => {
  const catalogue = createCatalogue('trusted');
  const endless: Asker = { viewKey: 'v', list: () => Promise.resolve(listOf(['a'], 'again')) };
  expect(await catalogue.lookup('b', endless)).toMatchObject({ unavailable: expect.stringContaining('pages') });
});

describe('annotations', () => {
  const hints = async (trust: 'trusted' | 'untrusted', annotations: unknown) => {
    const answer = resultAnswer({ tools: [{ name: 't', annotations: annotations as never, extra: [1] }] });
    const found = await createCatalogue(trust).lookup('t', { viewKey: 'v', list: () => Promise.resolve(answer) });
    return 'found' in found ? found.found! : undefined;
  };
  const defaults = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };

  test.each([undefined, null, {}, [], 'x', { readOnlyHint: 'true' }])(
    'absent or nonsense (%j): the MCP defaults',
    async (annotations) => {
      expect((await hints('trusted', annotations))!.annotations).toEqual(defaults);
    },
  );
  const loosening = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
  test('trusted: as told, and the raw definition is kept whole and frozen', async () => {
    const tool = await hints('trusted', loosening);
    expect(tool!.annotations).toEqual(loosening);
    expect(tool!.raw).toEqual({ name: 't', annotations: loosening, extra: [1] });
    expect(Object.isFrozen(tool!.raw['extra'])).toBe(true);
  });
  test('untrusted: what loosens counts as absent, what tightens holds', async () => {
    expect((await hints('untrusted', loosening))!.annotations).toEqual(defaults);
    expect((await hints('untrusted', { readOnlyHint: false, destructiveHint: true }))!.annotations).toEqual(defaults);
  });
});
