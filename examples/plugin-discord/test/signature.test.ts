/** Nothing but what the application signed, when it signed it, is believed. */
import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSignedBy, keyOf, windowMs } from '../src/signature.ts';

const nowMs = Date.UTC(2026, 2, 2, 10);
const keys = generateKeyPairSync('ed25519');
const key = keyOf(Buffer.from(keys.publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('hex'));
const timestamp = String(nowMs / 1000);
const signed = (body: Uint8Array, at = timestamp) => ({
  body,
  timestamp: at,
  signature: sign(null, Buffer.concat([Buffer.from(at), body]), keys.privateKey).toString('hex'),
});
const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });

test('believes what was signed, bytes that are no text included', () => {
  fc.assert(fc.property(bytes, (body) => isSignedBy(key, signed(body), nowMs)));
});

test('a single bit that changed, anywhere, is a forgery', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), fc.integer({ min: 0, max: 7 }), (body, at, bit) => {
      const message = signed(body);
      const changedBody = body.map((byte, i) => (i === at % body.length ? byte ^ (1 << bit) : byte));
      expect(isSignedBy(key, { ...message, body: changedBody }, nowMs)).toBe(false);
      const signature = Buffer.from(message.signature, 'hex');
      signature[at % signature.length]! ^= 1 << bit;
      expect(isSignedBy(key, { ...message, signature: signature.toString('hex') }, nowMs)).toBe(false);
    }),
  );
});

test('a digit that moves between timestamp and body is a forgery or too old', () => {
  const body = Buffer.from('1{}');
  const message = signed(body);
  const moved = { ...message, timestamp: `${timestamp}1`, body: body.subarray(1) };
  expect(isSignedBy(key, moved, nowMs)).toBe(false);
});

test('believes five minutes to either side, and not a second more', () => {
  const body = Buffer.from('{}');
  for (const offMs of [-windowMs, 0, windowMs])
    expect(isSignedBy(key, signed(body, String((nowMs + offMs) / 1000)), nowMs)).toBe(true);
  for (const offMs of [-windowMs - 1000, windowMs + 1000])
    expect(isSignedBy(key, signed(body, String((nowMs + offMs) / 1000)), nowMs)).toBe(false);
});

test('never throws, whatever the headers hold', () => {
  fc.assert(
    fc.property(
      fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
      fc.option(fc.string(), { nil: undefined }),
      (signature, at) => {
        expect(isSignedBy(key, { signature, timestamp: at, body: Buffer.from('{}') }, nowMs)).toBe(false);
        expect(isSignedBy(key, { signature, timestamp, body: Buffer.from('{}') }, nowMs)).toBe(false);
      },
    ),
  );
});
