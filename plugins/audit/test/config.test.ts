import { expect, test } from 'vitest';
import { auditConfig } from '../config.ts';

const day = 86_400_000;

test('the section of the printed helio.yaml means what it says', () => {
  expect(auditConfig.parse({ storage: 'sqlite', retention: '90d', include_responses: true })).toMatchObject({
    retention: { ageMs: 90 * day, sizeBytes: undefined },
    include_responses: true,
    durability: 'strict',
    fsync: false,
    redact: [],
  });
  expect(auditConfig.parse({})).toEqual(
    auditConfig.parse({ storage: 'sqlite', retention: '90d', include_responses: true }),
  );
});

test('retention is an age, a size, both or forever', () => {
  const retention = (value: unknown) => auditConfig.parse({ retention: value }).retention;
  expect(retention('20GB')).toEqual({ ageMs: undefined, sizeBytes: 20e9 });
  expect(retention({ age: '7d', size: '500MB' })).toEqual({ ageMs: 7 * day, sizeBytes: 500e6 });
  expect(retention('forever')).toEqual({ ageMs: undefined, sizeBytes: undefined });
  for (const wrong of ['90', 90, '0d', 'long', '10KB', { days: 3 }])
    expect(auditConfig.safeParse({ retention: wrong }).success, String(wrong)).toBe(false);
});

test('an unknown key, storage or mode is refused', () => {
  for (const wrong of [
    { stroage: 'sqlite' },
    { storage: 'postgres' },
    { durability: 'maybe' },
    { include_responses: 'all' },
    { redact: [{ keys: ['a'], mode: 'hide' }] },
  ])
    expect(auditConfig.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});
