import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonical,
  decimalAt,
  deepFreeze,
  exactText,
  memberPath,
  readStrict,
  readStrictText,
  writeJson,
} from '../../kernel/mcp/json.ts';
import type { Json } from '../../kernel/plugin.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const value = (text: string): any => {
  const read = readStrict(bytes(text));
  if (!read.ok) throw new Error(`${read.code}: ${read.reason}`);
  return read.value;
};
const refusal = (text: string | Uint8Array, limits?: { depth: number }) => {
  const read = readStrict(typeof text === 'string' ? bytes(text) : text, limits);
  return read.ok ? 'read' : read.code;
};

describe('reading', () => {
  it('reads every JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
        const text = JSON.stringify(json, undefined, indent);
        expect(value(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts no text that JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      ...'{}[]",:\\0123456789.eE+-tfnul \n\té\u0000',
      '"a"',
      'true',
      'null',
      '\\u00',
      '😀',
      '-0',
      '1e5',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        if (readStrict(bytes(text)).ok) JSON.parse(text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('reads what JSON.parse reads, unless it gives one of its own reasons', () => {
    const piece = fc.constantFrom(...'{}[]",:019.e-', '"a":', '"b"', 'true', ' ');
    const own = new Set(['duplicate_key', 'number_out_of_range', 'lone_surrogate', 'too_deep', 'byte_order_mark']);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const text = pieces.join('');
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          return;
        }
        const read = readStrict(bytes(text));
        if (read.ok) expect(read.value).toEqual(parsed);
        else expect(own).toContain(read.code);
      }),
      { numRuns: 20_000 },
    );
  });

  it('reads all escapes, and characters beyond the basic plane', () => {
    expect(value(String.raw`"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00😀"`)).toBe('"\\/\b\f\n\r\tAé😀😀');
    expect(value('"a\\u0000b"')).toBe('a\0b');
  });

  it('hands out the decoded text', () => {
    expect(readStrict(bytes(' {"a":1} '))).toMatchObject({ ok: true, text: ' {"a":1} ' });
  });

  it('reads a batch as an array, for the door to refuse', () => {
    expect(value('[]')).toEqual([]);
    expect(value(' [{"id":1}]')).toEqual([{ id: 1 }]);
  });
});

describe('refusing', () => {
  it.each([
    ['{"name":"a","name":"b"}'],
    ['{"params":{"arguments":{"amount":1,"amount":5000}}}'],
    ['[[{"a":{"b":[{"c":1,"d":2,"c":1}]}}]]'],
    ['{"amount":1,"amo\\u0075nt":2}'],
    ['{"\\u0061":1,"a":2}'],
    ['{"__proto__":1,"__proto__":2}'],
    ['{"__proto__":1,"\\u005f_proto__":2}'],
    ['{"":1,"":2}'],
    ['{"toString":1,"toString":2}'],
    ['{"0":1,"\\u0030":2}'],
    ['{"😀":1,"\\ud83d\\ude00":2}'],
  ])('a duplicate key in %s', (text) => {
    expect(refusal(text)).toBe('duplicate_key');
  });

  it('a duplicate key wherever it is put, however it is spelled', () => {
    const escaped = (key: string) =>
      [...Array(key.length).keys()].map((i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.boolean(),
        fc.nat({ max: 20 }),
        fc.nat({ max: 20 }),
        (key, spell, depth, between) => {
          const second = spell ? `"${escaped(key)}"` : JSON.stringify(key);
          const members = Array.from({ length: between }, (_, i) => `${JSON.stringify(`${key}-${i}`)}:${i},`).join('');
          const text = '{"x":['.repeat(depth) + `{${JSON.stringify(key)}:1,${members}${second}:2}` + ']}'.repeat(depth);
          expect(refusal(text)).toBe('duplicate_key');
        },
      ),
    );
  });

  it.each([
    ['1e999'],
    ['-1e999'],
    ['{"amount":1e400}'],
    ['9'.repeat(400)],
    ['1e-400'],
    [`0.${'0'.repeat(400)}1`],
    ['0e99999'],
    [`0.${'3'.repeat(2000)}`],
  ])('a number outside the range of a double: %s', (text) => {
    expect(refusal(text)).toBe('number_out_of_range');
  });

  it.each(['NaN', 'Infinity', '-Infinity', '01', '+1', '.5', '1.', '1e', '1e+', '-', '0x10', '1_000', '--1', '- 1'])(
    '%s, which is no JSON number',
    (text) => {
      expect(refusal(`{"amount":${text}}`)).toBe('invalid_json');
    },
  );

  it.each([
    '{"a":1,}',
    '[1,]',
    '{a:1}',
    "{'a':1}",
    '{"a" 1}',
    '{"a":}',
    '{,}',
    '[,]',
    '[1 2]',
    '{"a":1',
    '[1',
    '"abc',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"a\nb"',
    '"a\u0000b"',
    '"a\tb"',
    'tru',
    'True',
    'nul',
    '// c\n1',
    '/* c */1',
    '\u00a01',
    '\u20281',
    '}',
    ':',
  ])('malformed text: %j', (text) => {
    expect(refusal(text)).toBe('invalid_json');
  });

  it.each(['{} {}', '1 2', '{}x', '[]]', '""""', 'nullnull', '{}\u0000'])('anything after the value: %j', (text) => {
    expect(refusal(text)).toBe('trailing_data');
  });

  it.each([
    '"\\ud800"',
    '"\\udc00"',
    '"\\ud800\\ud800"',
    '"\\ud800x"',
    '"\\ud83d😀"',
    '"😀\\ude00"',
    '{"\\udfff":1}',
    '"\\ud800\\n"',
  ])('a lone surrogate: %s', (text) => {
    expect(refusal(text)).toBe('lone_surrogate');
  });

  it.each([
    ['a stray continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut sequence', [0x22, 0xe2, 0x82, 0x22]],
    ['beyond U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('invalid UTF-8: %s', (_, raw) => {
    expect(refusal(new Uint8Array(raw))).toBe('invalid_utf8');
  });

  it('a byte order mark, also in front of a batch', () => {
    expect(refusal('\ufeff{}')).toBe('byte_order_mark');
    expect(refusal('\ufeff[]')).toBe('byte_order_mark');
    expect(refusal(' \ufeff[]')).toBe('invalid_json');
  });

  it.each(['', ' ', '\r\n\t'])('nothing at all: %j', (text) => {
    expect(refusal(text)).toBe('empty');
  });

  it('what is nested deeper than the limit, and nothing shallower', () => {
    expect(refusal('['.repeat(64) + ']'.repeat(64))).toBe('read');
    expect(refusal('['.repeat(65) + ']'.repeat(65))).toBe('too_deep');
    expect(refusal('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toBe('too_deep');
    expect(refusal('[[[]]]', { depth: 2 })).toBe('too_deep');
    expect(refusal('[[],[],[[]]]', { depth: 3 })).toBe('read');
    expect(refusal('['.repeat(2_000_000))).toBe('too_deep');
  });

  it('says where and what, with nothing unprintable in it', () => {
    expect(readStrict(bytes('{"a":1,"a":2}'))).toEqual({
      ok: false,
      code: 'duplicate_key',
      reason: 'the key "a" stands twice in one object',
      at: 7,
    });
    const long = `"${'\\u001b'.repeat(200)}"`;
    const read = readStrict(bytes(`{${long}:1,${long}:2}`));
    expect(read.ok || (/^[\x20-\x7e]*$/.test(read.reason) && read.reason.length < 500)).toBe(true);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => typeof readStrict(raw).ok === 'boolean'),
      { numRuns: 5000 },
    );
  });

  it('reads well after a refusal in the middle', () => {
    expect(refusal('{"a":{"b":[1.50,')).toBe('invalid_json');
    const after = value('[[[[1]]]]');
    expect(after).toEqual([[[[1]]]]);
    expect(exactText(after[0][0][0], 0)).toBeUndefined();
  });

  it('a lone surrogate in a text that was a string before', () => {
    expect(readStrictText('{"a":"\ud800"}')).toMatchObject({ ok: false, code: 'lone_surrogate', at: 6 });
    expect(readStrictText('{"a":"😀"}')).toMatchObject({ ok: true });
  });
});

describe('objects', () => {
  it('inherit nothing, and `__proto__` is an ordinary key', () => {
    const read = value('{"__proto__":{"polluted":true},"constructor":1,"a":{"__proto__":null}}');
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor', 'a']);
    expect(read.polluted).toBeUndefined();
    expect(read.toString).toBeUndefined();
    expect(({} as any).polluted).toBeUndefined();
    expect('hasOwnProperty' in value('{}')).toBe(false);
    expect(Object.hasOwn(read.a, '__proto__')).toBe(true);
    expect(writeJson(read)).toBe('{"__proto__":{"polluted":true},"constructor":1,"a":{"__proto__":null}}');
  });

  it('share a prototype that nobody can change', () => {
    const proto = Object.getPrototypeOf(value('{}'));
    expect(() => {
      proto.polluted = true;
    }).toThrow(TypeError);
    expect(value('{}').polluted).toBeUndefined();
  });

  it('freeze deeply', () => {
    const read = deepFreeze(value('{"a":[{"b":1}]}'));
    expect(() => read.a[0].b++).toThrow(TypeError);
    expect(() => read.a.push(1)).toThrow(TypeError);
    expect(() => (read.c = 1)).toThrow(TypeError);
  });
});

describe('exact numbers', () => {
  it('keep their text where String(number) would write another', () => {
    const read = value(
      '{"a":1.0,"b":1e3,"c":9007199254740993,"d":-0,"e":0.1,"f":12,"g":[1,2.50,{"h":1E+2}],"i":100000000000000000000}',
    );
    const shown = Object.fromEntries([...'abcdefi'].map((key) => [key, exactText(read, key)]));
    expect(shown).toEqual({
      a: '1.0',
      b: '1e3',
      c: '9007199254740993',
      d: '-0',
      e: undefined,
      f: undefined,
      i: undefined,
    });
    expect([exactText(read.g, 0), exactText(read.g, 1), exactText(read.g[2], 'h')]).toEqual([
      undefined,
      '2.50',
      '1E+2',
    ]);
  });

  it('are found by member path, as they were written', () => {
    const read = value(
      `{"amount":10.10,"order":{"items":[{"price":1},{"price":2.00}],"unit price":3.0},"it's":4.0,"s":"5","long":${'7'.repeat(300)}}`,
    );
    expect(decimalAt(read, '$.amount')).toBe('10.10');
    expect(decimalAt(read, '$.order.items[1].price')).toBe('2.00');
    expect(decimalAt(read, '$.order.items[0].price')).toBe('1');
    expect(decimalAt(read, "$.order['unit price']")).toBe('3.0');
    expect(decimalAt(read, '$["order"]["unit price"]')).toBe('3.0');
    expect(decimalAt(read, "$['it\\'s']")).toBe('4.0');
    expect(decimalAt(read, '$.long')).toBe('7'.repeat(300));
    for (const path of [
      '$',
      '$.s',
      '$.order',
      '$.none',
      '$.order.items[2].price',
      '$.order.items.length',
      '$.amount.x',
      '$.toString',
      '$[0]',
      '$.order.items["0"].price',
    ]) {
      expect(decimalAt(read, path)).toBeUndefined();
    }
  });

  it.each([
    'amount',
    '',
    '$.',
    '$..a',
    '$.a[',
    '$.a[x]',
    '$.a[*]',
    '$[-1]',
    '$.a[01]',
    '$.a b',
    "$['a]",
    '$a',
    '$.a.',
    '$.a[0',
    '@.a',
  ])('never take the malformed path %j for an absent value', (path) => {
    expect(memberPath(path)).toBeUndefined();
    expect(() => decimalAt({}, path)).toThrow(TypeError);
  });

  it('are written as they were read', () => {
    const text = '{"a":1.0,"b":[1e3,-0,9007199254740993,1],"c":{"d":"x\\n","e":[],"f":{}},"g":null,"h":true}';
    expect(writeJson(value(text))).toBe(text);
  });

  it('survive reading and writing, whatever the value', () => {
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        fc.constantFrom('', '.0', '.50', '.123456789012345678901'),
        fc.constantFrom('', 'e5', 'E-7', 'e+0'),
      )
      .map((parts) => parts.join(''));
    const json = fc.letrec<{ any: string }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        number,
        fc.string({ unit: 'grapheme' }).map((s) => JSON.stringify(s)),
        fc.array(tie('any')).map((items) => `[${items.join(',')}]`),
        fc.dictionary(fc.string(), tie('any')).map(
          (o) =>
            `{${Object.entries(o)
              .map(([k, v]) => `${JSON.stringify(k)}:${v}`)
              .join(',')}}`,
        ),
      ),
    })).any;
    fc.assert(
      fc.property(json, (text) => {
        if (!/^[{[]/.test(text)) return; // a bare number has no container that could keep its text
        expect(writeJson(value(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('refuse to be written when they are no JSON', () => {
    for (const bad of [
      NaN,
      Infinity,
      undefined,
      () => 1,
      1n,
      Symbol('x'),
      [undefined],
      { a: undefined },
      { a: [NaN] },
    ]) {
      expect(() => writeJson(bad as Json)).toThrow(TypeError);
      expect(() => canonical(bad as Json)).toThrow(TypeError);
    }
  });
});

describe('the canonical text', () => {
  it('sorts keys by code unit and has no white space', () => {
    expect(
      canonical(
        value('{ "b": 1, "a": { "é": 1, "z": 2, "Z": 3 }, "\\ud83d\\ude00": 0, "\\uff5e": 0, "10": 0, "9": 0 }'),
      ),
    ).toBe('{"10":0,"9":0,"a":{"Z":3,"z":2,"é":1},"b":1,"😀":0,"～":0}');
  });

  it('is one for numbers that are equal and another for numbers that are not', () => {
    const of = (text: string) => canonical(value(`[${text}]`));
    expect(new Set(['1', '1.0', '1e0', '10e-1', '0.1e1', '1.00E+0'].map(of))).toEqual(new Set(['[1]']));
    expect(new Set(['0', '-0', '0.0', '-0e5', '0e-10'].map(of))).toEqual(new Set(['[0]']));
    expect(of('9007199254740992')).not.toBe(of('9007199254740993'));
    expect(of('1e300')).toBe(of(`1${'0'.repeat(300)}`));
    expect(of('0.1')).not.toBe(of('0.1000000000000000055511151231257827'));
    expect(of('1')).not.toBe(of('"1"'));
  });

  it('does not depend on the order of keys, escapes or white space', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(canonical(value(JSON.stringify(reversed, undefined, 2)))).toBe(canonical(value(JSON.stringify(object))));
      }),
    );
  });

  it('differs when the values differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = canonical(a as Json) === canonical(b as Json);
        expect(same).toBe(canonical(value(JSON.stringify(a))) === canonical(value(JSON.stringify(b))));
        if (same) expect(JSON.parse(canonical(a as Json))).toEqual(JSON.parse(canonical(b as Json)));
      }),
    );
  });
});

describe('bombs', () => {
  it('a wide object, a wide array and one long string of 4 MiB cost memory in proportion', () => {
    const wide = (width: number) => `{${Array.from({ length: width }, (_, i) => `"k${i}":0`).join(',')}}`;
    expect(Object.keys(value(wide(50_000)))).toHaveLength(50_000);
    expect(refusal(wide(50_001))).toBe('too_wide');
    expect(value(`[${'{},'.repeat(1_000_000)}{}]`)).toHaveLength(1_000_001);
    expect(value(`"${'\\u0041'.repeat(600_000)}"`)).toHaveLength(600_000);
    expect(refusal(`[${'1'.repeat(4_000_000)}]`)).toBe('number_out_of_range');
    expect(refusal(`[0.${'1'.repeat(4_000_000)}]`)).toBe('number_out_of_range');
    expect(refusal(`[1e${'1'.repeat(4_000_000)}]`)).toBe('number_out_of_range');
  });
});
