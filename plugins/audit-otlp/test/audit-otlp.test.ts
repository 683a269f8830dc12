import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { auditOtlp } from '../index.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly records: {
    severityText: string;
    timeUnixNano: string;
    body: { stringValue: string };
    attributes: { key: string; value: Record<string, string> }[];
  }[];
  readonly resource: { key: string; value: { stringValue: string } }[];
}
let collector: Server | undefined;
let running: PluginTest | undefined;
afterEach(async () => {
  await running?.stop();
  await new Promise((resolve) => (collector ? collector.close(resolve) : resolve(undefined)));
  running = collector = undefined;
});

/** A collector that answers with the statuses given, then with 200. */
async function startCollector(statuses: (number | ((records: Received['records']) => number))[] = []) {
  const received: Received[] = [];
  collector = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += piece));
    request.on('end', () => {
      const [logs] = (JSON.parse(text) as any).resourceLogs;
      const { logRecords } = logs.scopeLogs[0];
      const next = statuses.length > 1 ? statuses.shift() : statuses[0];
      const status = typeof next === 'function' ? next(logRecords) : (next ?? 200);
      if (typeof next === 'number') statuses.shift();
      if (status === 200)
        received.push({
          path: request.url!,
          headers: request.headers,
          records: logRecords,
          resource: logs.resource.attributes,
        });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`, received };
}
const tools = (received: Received[]) =>
  received.flatMap(({ records }) =>
    records.map(({ attributes }) => attributes.find(({ key }) => key === 'helio.tool')?.value['stringValue']),
  );
async function until(check: () => boolean) {
  for (let tries = 0; tries < 400 && !check(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(check()).toBe(true);
}

test('rows arrive as log records with severity, time, attributes and the headers of the config', async () => {
  const { url, received } = await startCollector();
  running = await testPlugin(auditOtlp, {
    with: ['audit'],
    config: { endpoint: url, from: 'first', headers: { 'x-api-key': 'k-1' } },
  });
  await running.call({ name: 'some_tool', arguments: { amount: 5 } });
  await until(() => received.length > 0);
  expect(received[0]).toMatchObject({
    path: '/v1/logs',
    headers: { 'x-api-key': 'k-1', 'content-type': 'application/json' },
  });
  expect(received[0]!.resource).toContainEqual({ key: 'service.name', value: { stringValue: 'helio' } });
  const [record] = received[0]!.records;
  expect(record).toMatchObject({
    severityText: 'WARN',
    body: { stringValue: expect.stringContaining('some_tool: denied') },
  });
  expect(record!.timeUnixNano).toMatch(/^\d{19}$/);
  expect(record!.attributes).toContainEqual({ key: 'helio.arguments', value: { stringValue: '{"amount":5}' } });
});

test('rows that the collector could not take come again, in order', async () => {
  const { url, received } = await startCollector([503, 429]);
  running = await testPlugin(auditOtlp, { with: ['audit'], config: { endpoint: url, from: 'first' } });
  await running.call('first');
  await running.call('second');
  await until(() => tools(received).length >= 2);
  expect(tools(received)).toEqual(['first', 'second']);
});

test('a row that the collector never takes does not hold up the others', async () => {
  const bad = (records: Received['records']) => (JSON.stringify(records).includes('poison') ? 400 : 200);
  const { url, received } = await startCollector([bad]);
  running = await testPlugin(auditOtlp, { with: ['audit'], config: { endpoint: url, from: 'first' } });
  for (const name of ['a', 'poison', 'b']) await running.call(name);
  await until(() => tools(received).includes('b'));
  expect(tools(received)).toEqual(['a', 'b']);
  expect(running.logs.some(({ message }) => message.includes('refuses an audit row'))).toBe(true);
});
