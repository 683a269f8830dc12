import fc from 'fast-check';
import { JSONPath } from 'jsonpath-plus';
import { describe, expect, it } from 'vitest';
import { readStrictText, type Json } from '@gethelio/proxy/plugin';
import { compileParts } from '../comparison.ts';
import { seenFound } from '../comparand.ts';
import { compilePath } from '../path.ts';
import { maxDepth, maxVisited, memberPathText, walkCounting } from '../path-walk.ts';

function strict(text: string): Json {
  const read = readStrictText(text, { depth: 200 });
  if (!read.ok) throw new Error(read.reason);
  return read.value as Json;
}

const pathsOf = (path: string, root: Json) =>
  compilePath(path)
    .read(root)
    ?.map((found) => found.path);

describe('what a path finds', () => {
  const order = strict(
    '{"items":[{"price":1.10,"tags":["a","b"]},{"price":2e2},{"name":"x"}],"note":"n","deep":{"items":[[{"price":3}]]}}',
  );

  it.each<[string, readonly string[]]>([
    ['$', ['$']],
    ['$.note', ['$.note']],
    ['$.items[1].price', ['$.items[1].price']],
    ['$.items[9].price', []],
    ['$.items[*].price', ['$.items[0].price', '$.items[1].price']],
    ['$.items.*.price', ['$.items[0].price', '$.items[1].price']],
    ['$.items[-1:]', ['$.items[2]']],
    ['$.items[::2]', ['$.items[0]', '$.items[2]']],
    ['$.items[1:].price', ['$.items[1].price']],
    ['$.items[5:]', []],
    ['$.items[:0]', []],
    ['$..price', ['$.items[0].price', '$.items[1].price', '$.deep.items[0][0].price']],
    ['$.deep..price', ['$.deep.items[0][0].price']],
    ["$..['name']", ['$.items[2].name']],
    ['$..[0]', ['$.items[0]', '$.items[0].tags[0]', '$.deep.items[0]', '$.deep.items[0][0]']],
    ['$..items[0]', ['$.items[0]', '$.deep.items[0]']],
    ['$.note[*]', []],
    ['$.note..x', []],
  ])('%s', (path, expected) => {
    expect(pathsOf(path, order)).toEqual(expected);
  });

  it('keeps the text of a number as the client wrote it', () => {
    const texts = compilePath('$..price')
      .read(order)!
      .map((found) => found.decimal());
    expect(texts).toEqual(['1.10', '2e2', '3']);
    expect(compilePath('$.note').read(order)![0]!.decimal()).toBeUndefined();
    const big = strict('{"list":[9007199254740992,9007199254740993]}');
    const [equals] = compileParts({ contains: '9007199254740993' }, () => {})!;
    expect(
      compilePath('$.list')
        .read(big)!
        .map((one) => equals!.test(seenFound(one), undefined!)),
    ).toEqual([false]);
    const [above] = compileParts({ gt: '9007199254740992' }, () => {})!;
    expect(
      compilePath('$..*')
        .read(big)!
        .slice(1)
        .map((one) => above!.test(seenFound(one), undefined!)),
    ).toEqual([false, true]);
  });

  it('looks for names in objects and for places in lists alone', () => {
    const root = strict('{"0":"zero","length":7,"list":["a"]}');
    expect(pathsOf('$..[0]', root)).toEqual(['$.list[0]']);
    expect(pathsOf('$..length', root)).toEqual(['$.length']);
    expect(pathsOf("$..['0']", root)).toEqual(["$['0']"]);
  });

  it('finds keys that other objects inherit, and only when they are written', () => {
    expect(pathsOf('$..constructor', strict('{"a":{}}'))).toEqual([]);
    expect(pathsOf('$..__proto__', strict('{"a":{"__proto__":{"x":1}}}'))).toEqual(['$.a.__proto__']);
    expect(pathsOf('$..x', strict('{"a":{"__proto__":{"x":1}}}'))).toEqual(['$.a.__proto__.x']);
  });
});

// No text with characters in it: jsonpath-plus takes `[0]` of a text, and of an object whose key is 0; RFC 9535 does not.
const names = ['a', 'b', 'c', 'odd name', 'ü'];
const json = fc.letrec<{ value: Json; list: Json; object: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, '', 0, -1.5, 7),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }),
  object: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));
const from = fc.option(fc.integer({ min: -4, max: 6 }), { nil: undefined });
// No end of 0: jsonpath-plus takes `[:0]` for "to the end".
const to = fc.option(fc.oneof(fc.integer({ min: -4, max: -1 }), fc.integer({ min: 1, max: 6 })), { nil: undefined });
const selector = fc.oneof(
  fc.constantFrom(...names).map((name) => `['${name}']`),
  fc.constantFrom('a', 'b', 'c').map((name) => `.${name}`),
  fc.constantFrom('[*]', '.*', '[0]', '[1]', '[3]'),
  fc
    .tuple(from, to, fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }))
    .map(([first, last, by]) => `[${first ?? ''}:${last ?? ''}${by === undefined ? '' : `:${by}`}]`),
);
const path = fc
  .tuple(fc.array(selector, { maxLength: 3 }), fc.option(selector), fc.array(selector, { maxLength: 3 }))
  .map(([before, below, after]) => {
    const deep = below === null ? '' : `..${below.startsWith('.') ? below.slice(1) : below}`;
    return `$${before.join('')}${deep}${after.join('')}`;
  });

/** jsonpath-plus, by JSON pointers (RFC 6901): its own paths do not escape quotes. */
function oracle(text: string, root: Json): readonly string[] {
  const found = JSONPath({
    path: text,
    json: root as object,
    eval: false,
    resultType: 'pointer',
    wrap: true,
  }) as string[];
  return found.map((pointer) => {
    let value: any = root;
    const keys = pointer
      .split('/')
      .slice(1)
      .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
      .map((part) => {
        const key = Array.isArray(value) ? Number(part) : part;
        value = value[key];
        return key;
      });
    return memberPathText(keys);
  });
}

describe('beside jsonpath-plus', () => {
  it('finds the same values at the same places', () => {
    let several = 0;
    fc.assert(
      fc.property(fc.oneof(json.object, json.list), path, (root, text) => {
        const found = pathsOf(text, root)!;
        if (found.length > 1) several++;
        expect([...found].sort()).toEqual([...oracle(text, root)].sort());
      }),
      { numRuns: 3_000 },
    );
    expect(several).toBeGreaterThan(50);
  });

  it('finds each value once, and the value is what stands at its path', () => {
    fc.assert(
      fc.property(json.object, path, (root, text) => {
        const found = compilePath(text).read(root)!;
        expect(new Set(found.map((one) => one.path)).size).toBe(found.length);
        for (const one of found) expect(compilePath(one.path).read(root)![0]!.value).toBe(one.value);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('how far a path looks', () => {
  const fourMiB = 4 * 1024 * 1024;
  const segments = (text: string) => {
    const below = text.startsWith('$..');
    return [
      { below, selector: text.endsWith('*') ? ({ kind: 'every' } as const) : ({ kind: 'key', key: 'x' } as const) },
    ];
  };
  const bodies: readonly (readonly [string, string])[] = [
    ['one wide list', `[${'1,'.repeat(fourMiB / 2 - 2)}1]`],
    ['many small objects', `[${'{"x":1},'.repeat(fourMiB / 8 - 1)}1]`],
    ['many empty lists', `[${'[],'.repeat(fourMiB / 3 - 1)}1]`],
    [
      'wide objects',
      `[${Array.from({ length: 8 }, () => `{${Array.from({ length: 50_000 }, (_, i) => `"${i.toString(36)}x":1`).join(',')}}`).join(',')}]`,
    ],
    ['towers of lists', `[${`${'['.repeat(60)}${']'.repeat(60)},`.repeat(34_000)}1]`],
  ];

  it.each(bodies)('stops in %s of 4 MiB', (_name, text) => {
    const root = { list: strict(text) };
    for (const asked of ['$..x', '$..*']) {
      const { found, visited } = walkCounting(root, segments(asked));
      expect(visited).toBe(maxVisited);
      expect(found).toBeUndefined();
      expect(compilePath(asked).read(root)).toBeUndefined();
    }
  });

  it('looks at all of a large argument below the bound', () => {
    const root = { list: Array.from({ length: 40_000 }, (_, i) => ({ x: i, y: { x: i } })) };
    expect(compilePath('$..x').read(root)).toHaveLength(80_000);
  });

  it('visits a value no more often than the path has steps', () => {
    fc.assert(
      fc.property(json.object, path, (root, text) => {
        const all = walkCounting(root, segments('$..*')).found!.length;
        const count = text.match(/\*|\[|\.(?!\.|\*)/g)?.length ?? 0;
        const before = compilePath(text).read(root);
        expect(before!.length).toBeLessThanOrEqual(all * Math.max(1, count) + 1);
      }),
    );
  });

  it('does not look deeper than arguments may be', () => {
    const nested = (depth: number) => strict(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    expect(compilePath('$..a').read(nested(maxDepth))).toHaveLength(maxDepth);
    expect(compilePath('$..a').read(nested(maxDepth + 1))).toBeUndefined();
  });
});

describe('what is no path', () => {
  it.each([
    ['amount', 'a path begins with $'],
    ['$.', 'nothing can be read after "$"'],
    ['$..', 'nothing can be read after "$"'],
    ['$.a..', 'nothing can be read after "$.a"'],
    ['$[', 'nothing can be read after "$"'],
    ['$.a b', 'nothing can be read after "$.a"'],
    ['$[01]', 'nothing can be read after "$"'],
    ['$[-:1]', 'nothing can be read after "$"'],
    ['$.a[-1]', 'the last item of a list is [-1:]'],
    ['$.a[(@.length-1)]', 'the last item of a list is [-1:]'],
    ['$.a[?(@.b>1)]', 'filters are not part of paths here'],
    ["$['a','b']", 'a path leads one way'],
    ['$[0,1]', 'a path leads one way'],
    ['$[::0]', 'the step of a slice is at least 1'],
    ['$[::-1]', 'the step of a slice is at least 1'],
    ['$.a^', 'parents, keys and types are not part'],
    ['$.a~', 'parents, keys and types are not part'],
    ['$..a..b', '`..` once'],
  ])('%s', (text, message) => {
    expect(() => compilePath(text)).toThrow(message);
  });

  it('takes a text or says what is wrong, and never anything else', () => {
    const pieces = fc.constantFrom(
      '$',
      '.',
      '..',
      '*',
      '[',
      ']',
      'a',
      '0',
      '-1',
      ':',
      "'",
      '"',
      '?',
      '(',
      ')',
      '@',
      ',',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = `$${parts.join('')}`;
        try {
          compilePath(text).read({ a: [{ a: 1 }] });
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          expect((error as Error).message).toMatch(/nothing can be read after|once/);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
