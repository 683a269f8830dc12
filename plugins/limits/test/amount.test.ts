import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '@gethelio/proxy/plugin';
import { expandPath, isAmountPath } from '../amount-path.ts';
import { moneyText } from '../amount.ts';
import { gaugeOf } from '../view.ts';

describe('a path to amounts', () => {
  it('leads through members, places and wildcards', () => {
    const root = { a: [{ b: 1 }, { b: 2 }], 'odd name': { x: 3, y: 4 } };
    expect(expandPath('$.a[1].b', root, 10)).toEqual([{ path: '$.a[1].b', value: 2 }]);
    expect(expandPath('$.a[*].b', root, 10)).toEqual([
      { path: '$.a[0].b', value: 1 },
      { path: '$.a[1].b', value: 2 },
    ]);
    expect(expandPath("$['odd name'].*", root, 10)).toEqual([
      { path: "$['odd name'].x", value: 3 },
      { path: "$['odd name'].y", value: 4 },
    ]);
  });

  it('is missing when any branch leads nowhere', () => {
    const root: Json = { a: [{ b: 1 }, {}], empty: [], text: 'abc', list: [1] };
    for (const path of [
      '$.a[*].b',
      '$.empty[*]',
      '$.text[0]',
      '$.text.length',
      '$.list.length',
      '$.nothing',
      '$.__proto__',
      '$.list[1]',
    ]) {
      expect(expandPath(path, root, 10), path).toBe('missing');
    }
    expect(expandPath('$.a[*]', { a: Array(11).fill(0) }, 10)).toBe('too many');
  });

  it('is refused when it is anything else', () => {
    for (const path of [
      'amount',
      '$',
      '$..amount',
      '$.',
      '$.a[',
      '$.a[-1]',
      '$.a[1:2]',
      '$.a[?(@.b)]',
      '$.a b',
      '$.a..b',
      '',
    ]) {
      expect(isAmountPath(path), path).toBe(false);
    }
  });
});

describe('an amount in helio.yaml', () => {
  const read = (written: unknown) => moneyText().safeParse(written);

  it('is a number or a text, kept exactly', () => {
    expect([
      read(5000).data,
      read('12.50').data,
      read(0.1).data,
      read('0.000000000000000000001').data,
      read(1e6).data,
    ]).toEqual(['5000', '12.5', '0.1', '0.000000000000000000001', '1000000']);
  });

  it('is none when it is negative, no number, too large or no longer exact', () => {
    for (const written of [
      -1,
      '-0.01',
      'ten',
      '',
      ' 5',
      '5 GBP',
      '1,000',
      '0x10',
      Infinity,
      NaN,
      true,
      null,
      [],
      '9'.repeat(80),
      0.1234567890123456,
    ]) {
      expect(read(written).success, String(written)).toBe(false);
    }
  });

  it('survives any number of cents', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (cents) => {
        const text = read(cents / 100).data!;
        const [whole, fraction = ''] = text.split('.');
        expect(BigInt(whole!) * 100n + BigInt(fraction.padEnd(2, '0'))).toBe(BigInt(cents));
      }),
    );
  });
});

describe('a gauge', () => {
  const bucket = { key: 'k', bucket: 'b', used: '50', entries: 5, oldestAtMs: 0, lastAtMs: 3_600_000 };

  it('says how fast it fills and when it is full', () => {
    expect(gaugeOf(bucket, '100', 3_600_000)).toMatchObject({
      perHour: 50,
      fullInMs: 3_600_000,
      share: 0.5,
      remaining: '50',
    });
  });
  it('does not foresee what a new day prevents', () => {
    expect(gaugeOf(bucket, '100', 3_600_000, 4_000_000)).toMatchObject({ fullInMs: null, resetsAtMs: 4_000_000 });
  });
  it('is more than full when it was overdrawn, and never has less than nothing left', () => {
    expect(gaugeOf({ ...bucket, used: '150' }, '100', 3_600_000)).toMatchObject({
      share: 1.5,
      remaining: '0',
      fullInMs: null,
    });
    expect(gaugeOf({ ...bucket, used: '-10' }, '100', 3_600_000)).toMatchObject({
      share: -0.1,
      remaining: '110',
      fullInMs: null,
    });
  });
});
