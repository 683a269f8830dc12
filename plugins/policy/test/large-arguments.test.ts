import { expect, it } from 'vitest';
import { testPlugin } from '@gethelio/proxy/testing';
import { policy } from '../index.ts';
import { maxVisited } from '../path-walk.ts';
import { words } from './words.ts';

const large = { list: Array.from({ length: maxVisited }, () => 1) };
const start = (rules: string) =>
  testPlugin(policy, { plugins: [words], yaml: `policies: { default: deny, rules: ${rules} }` });

it('counts a call that a path cannot see through against the call', async () => {
  const test = await start(`[
    { match: { tool: '*' }, action: allow },
    { match: { tool: guarded, input: { '$..command': { contains: rm } } }, action: deny },
    { match: { tool: absent, not: { input: { '$..command': { exists: true } } } }, action: deny },
    { match: { tool: shadowed, input: { '$..command': { contains: rm } } }, action: deny, mode: shadow },
  ]`);
  const effect = async (name: string, args: object) =>
    (await test.explain({ name, arguments: args as never })).decision.effect;
  expect(await effect('guarded', { command: 'ls' })).toBe('allow');
  expect(await effect('guarded', { ...large, command: 'ls' })).toBe('deny');
  expect(await effect('absent', { ...large, command: 'ls' })).toBe('deny');
  expect(await effect('shadowed', { ...large, command: 'rm' })).toBe('allow');
  expect(await effect('other', large)).toBe('allow');
  await test.stop();
});

it('does not let an allow open what it cannot see through', async () => {
  const test = await start("[{ match: { tool: pay, input: { '$..amount': { lte: 10 } } }, action: allow }]");
  const effect = async (args: object) =>
    (await test.explain({ name: 'pay', arguments: args as never })).decision.effect;
  expect(await effect({ amount: 5 })).toBe('allow');
  expect(await effect({ amount: 5, ...large })).toBe('deny');
  await test.stop();
});

it('says in the trace why, and shows the first values of many', async () => {
  const test = await start("[{ match: { tool: pay, input: { '$..amount': { gt: 10 } } }, action: deny }]");
  const why = async (args: object) => {
    const { facts } = await test.explain({ name: 'pay', arguments: args as never });
    const { policyTrace } = await import('../contract.ts');
    return ((facts.get(policyTrace)!() as any).tried[0].why as string[]).slice(1);
  };
  expect(await why(large)).toEqual([
    'the arguments are too large to look for $..amount in all of them: cannot be judged',
  ]);
  const many = { items: Array.from({ length: 500 }, (_, i) => ({ amount: i === 400 ? 11 : 1 })) };
  const said = await why(many);
  expect(said).toHaveLength(22);
  expect(said).toContain('$.items[400].amount is 11, gt 10: holds');
  expect(said.at(-1)).toBe('$..amount found 500 values, of which these were the first 20');
  await test.stop();
});
