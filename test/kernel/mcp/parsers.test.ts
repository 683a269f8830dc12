/** The two parsers of what upstreams send, against their references. */
import fc from 'fast-check';
import { createParser } from 'eventsource-parser';
import { expect, test } from 'vitest';
import { scanMessage, withId } from '../../../kernel/mcp/scan.ts';
import { messageEvent, SseCutter, type SseEvent } from '../../../kernel/mcp/sse-events.ts';

const id = fc.oneof(fc.string(), fc.integer());
const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/);

test('any answer is found as JSON.parse finds it, whatever stands around it', () => {
  fc.assert(
    fc.property(id, fc.jsonValue(), fc.jsonValue(), fc.boolean(), space, (id, value, other, isError, gap) => {
      const result = { nested: { isError: !isError, result: 1 }, value: other, ...(isError && { isError }) };
      const text = `${gap}{${gap}"x"${gap}:${JSON.stringify(value)},"result":${gap}${JSON.stringify(result)}${gap},"id":${JSON.stringify(id)},"jsonrpc":"2.0"}${gap}`;
      const scanned = scanMessage(Buffer.from(text))!;
      expect(scanned.id!.value).toBe(id);
      expect(scanned.answer).toMatchObject({ kind: 'result', isError });
      expect(scanned.answer!.value()).toEqual(JSON.parse(JSON.stringify(result)));
      expect(JSON.parse(withId(Buffer.from(text), scanned.idSpan!, '"new"').toString())).toEqual({
        ...JSON.parse(text),
        id: 'new',
      });
    }),
  );
});

test('whatever bytes come, the scanner ends without throwing, and cut answers are none', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void scanMessage(Buffer.from(bytes))));
  const whole = '{"jsonrpc":"2.0","id":"a\\"b","result":{"content":[{"text":"x}]\\\\"}],"isError":true}}';
  for (let end = 0; end < whole.length; end++) expect(scanMessage(Buffer.from(whole.slice(0, end)))).toBeUndefined();
  expect(scanMessage(Buffer.from(whole))!.answer!.isError).toBe(true);
});

test('resultType and errors are told apart', () => {
  const kind = (member: string) => scanMessage(Buffer.from(`{"jsonrpc":"2.0","id":1,${member}}`))?.answer?.kind;
  expect(kind('"result":{"resultType":"input_required"}')).toBe('input_required');
  expect(kind('"result":{"resultType":"task"}')).toBe('task');
  expect(kind('"result":{"resultType":"complete"}')).toBe('result');
  expect(kind('"result":[]')).toBe('result');
  expect(kind('"error":{"code":1}')).toBe('error');
  expect(kind('"error":{},"result":{}')).toBeUndefined();
});

const line = fc.stringMatching(/^[a-zé€: ]{0,8}$/);
const field = fc.oneof(
  fc.tuple(fc.constantFrom('data', 'event', 'id', 'other', ''), line).map(([name, value]) => `${name}:${value}`),
  line,
);
const stream = fc.array(fc.tuple(fc.array(field, { maxLength: 4 }), fc.constantFrom('\n', '\r\n', '\r')), {
  maxLength: 6,
});

test('events are cut as the reference parser cuts them, at any chunk borders, and no byte is lost', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (blocks, cuts) => {
      const text = blocks.map(([fields, end]) => `${fields.join(end)}${end}${end}`).join('');
      const bytes = Buffer.from(`${text}data: last\n\n`);
      const events: SseEvent[] = [];
      const cutter = new SseCutter((event) => events.push(event));
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const size = cuts[n % cuts.length]!;
        cutter.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(Buffer.concat([...events.map((event) => event.raw), cutter.rest()])).toEqual(bytes);
      const reference: (string | undefined)[] = [];
      const parser = createParser({ onEvent: (event) => reference.push(event.data) });
      parser.feed(bytes.toString());
      expect(
        events
          .filter((event) => event.data !== undefined && event.data.length > 0)
          .map((event) => event.data!.toString()),
      ).toEqual(reference.filter((data) => data !== ''));
    }),
  );
});

test('a message becomes an event that reads back as the same JSON, line ends and all', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('\n', '\r\n', '\r'), (value, end) => {
      const text = JSON.stringify({ value }, null, 2).replaceAll('\n', end);
      const events: SseEvent[] = [];
      new SseCutter((event) => events.push(event)).push(messageEvent(Buffer.from(text), '7'));
      expect(events).toHaveLength(1);
      expect(events[0]!.id).toBe('7');
      expect(JSON.parse(events[0]!.data!.toString())).toEqual(JSON.parse(text));
    }),
  );
});
