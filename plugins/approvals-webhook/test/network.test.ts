import { describe, expect, test } from 'vitest';
import { createReach } from '../network.ts';

describe('what a webhook may reach', () => {
  const closed = [
    '127.0.0.1',
    '127.8.9.1',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001:db8::1',
    '2001::1',
    '::7f00:1',
    'not an address',
    '',
  ];
  for (const address of closed)
    test(`not ${address || 'nothing'}`, () => expect(createReach([])('example.com', address)).toBe(false));

  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])
    test(`but ${address}`, () => expect(createReach([])('example.com', address)).toBe(true));

  test('what the operator allows by name, by address or by network, and nothing beside it', () => {
    const byName = createReach(['Hooks.internal']);
    expect(byName('hooks.internal', '10.0.0.5')).toBe(true);
    expect(byName('evil.example', '10.0.0.5')).toBe(false);
    const byNetwork = createReach(['10.1.0.0/16', '192.168.7.7', 'fd00::/8']);
    expect(byNetwork('any', '10.1.2.3')).toBe(true);
    expect(byNetwork('any', '10.2.2.3')).toBe(false);
    expect(byNetwork('any', '192.168.7.7')).toBe(true);
    expect(byNetwork('any', '192.168.7.8')).toBe(false);
    expect(byNetwork('any', 'fd01::1')).toBe(true);
    expect(byNetwork('any', '::ffff:127.0.0.1')).toBe(false);
  });
});
