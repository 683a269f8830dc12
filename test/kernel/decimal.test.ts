import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  addDecimal,
  compareDecimal,
  isDecimal,
  multiplyDecimal,
  negateDecimal,
  normaliseDecimal,
  subtractDecimal,
  sumDecimals,
} from '../../kernel/decimal.ts';

const cents = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
const written = (amount: bigint, scale: number) => {
  const text = String(amount < 0n ? -amount : amount).padStart(scale + 1, '0');
  const whole = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
  return amount < 0n ? `-${whole}` : whole;
};

it('10,000 times 0.1 is 1,000 exactly', () => {
  let total = '0';
  for (let i = 0; i < 10_000; i++) total = addDecimal(total, '0.1');
  expect(total).toBe('1000');
  expect(sumDecimals(Array<string>(10_000).fill('0.1'))).toBe('1000');
});

it('adds and subtracts as whole cents do', () => {
  fc.assert(
    fc.property(cents, cents, fc.nat({ max: 6 }), (a, b, scale) => {
      expect(addDecimal(written(a, scale), written(b, scale))).toBe(normaliseDecimal(written(a + b, scale)));
      expect(subtractDecimal(written(a, scale), written(b, scale))).toBe(normaliseDecimal(written(a - b, scale)));
      expect(compareDecimal(written(a, scale), written(b, scale))).toBe(a < b ? -1 : a > b ? 1 : 0);
      expect(multiplyDecimal(written(a, scale), written(b, scale))).toBe(normaliseDecimal(written(a * b, 2 * scale)));
      expect(negateDecimal(written(a, scale))).toBe(normaliseDecimal(written(-a, scale)));
    }),
  );
});

it('gives back what was taken, whatever the scales', () => {
  fc.assert(
    fc.property(cents, cents, fc.nat({ max: 30 }), fc.nat({ max: 30 }), (a, b, p, q) => {
      const [left, right] = [written(a, p), written(b, q)];
      expect(subtractDecimal(addDecimal(left, right), right)).toBe(normaliseDecimal(left));
      expect(addDecimal(left, right)).toBe(addDecimal(right, left));
    }),
  );
});

it('writes one text per value', () => {
  const same = (texts: string[]) => new Set(texts.map(normaliseDecimal));
  expect(same(['1', '1.0', '1e0', '10e-1', '0.01E+2'])).toEqual(new Set(['1']));
  expect(same(['0', '-0', '0.00', '0e9', '-0.0e-3'])).toEqual(new Set(['0']));
  expect(normaliseDecimal('-0.0500')).toBe('-0.05');
  expect(normaliseDecimal('1e21')).toBe('1000000000000000000000');
  expect(normaliseDecimal('12345e-7')).toBe('0.0012345');
  expect(normaliseDecimal('9007199254740993')).toBe('9007199254740993');
});

it('takes every finite number as JavaScript writes it', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (n) => Number(normaliseDecimal(String(n))) === n || n === 0,
    ),
  );
  expect(normaliseDecimal(String(Number.MAX_VALUE))).toHaveLength(309);
  expect(Number(normaliseDecimal('5e-324'))).toBe(5e-324);
});

it.each([
  '',
  ' 1',
  '1 ',
  '+1',
  '01',
  '1.',
  '.5',
  '1e',
  'NaN',
  'Infinity',
  '0x1',
  '1,000',
  '1_000',
  '--1',
  '1e401',
  '1e-401',
  '1e99999999',
  '١',
  '1\n',
  '9'.repeat(1025),
])('refuses %j', (text) => {
  expect(isDecimal(text)).toBe(false);
  expect(() => addDecimal('1', text)).toThrow(TypeError);
});
