/** Who is this tool? The name that policy judged is the one that the upstream advertises, byte for byte. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { post, startHelio, toolCall } from '../fixtures/helio.ts';
import { startRecordingUpstream } from '../fixtures/recording-upstream.ts';
import { setStage, type Stage } from '../fixtures/stage.ts';

const yaml = `plugins: [policy, operator, audit, feedback, identity, tool-pinning, state-sqlite]
identity: { agent: { header: x-agent } }
policies:
  default: allow
  hide_denied: true
  rules:
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: process_refund, agent: { not: boss } }, action: deny }
`;
const names = [
  'echo',
  'orders.lookup',
  'process_refund',
  'delete_account',
  'Delete_it',
  'deleteﬁle/\nall',
  '.hidden/delete_x',
];
const tool = (name: string) => ({ name, description: name, inputSchema: { type: 'object' } });
let stage: Stage;
beforeAll(async () => void (stage = await setStage(yaml, { tools: names.map(tool) })));
afterAll(() => stage.stop());
beforeEach(() => stage.upstream.forget());
const call = (name: string, headers = {}, helio = stage.helios[0]!) => post(helio.mcp, toolCall(name), headers);
const unknown = (name: string) => ({ error: { code: -32602, message: `Unknown tool: ${name}` } });

describe('a name that is only nearly advertised', () => {
  const near = [
    'Echo',
    'ECHO',
    'echo ',
    ' echo',
    'echo\u200b',
    '\u2060echo',
    'ｅcho',
    'есhо',
    'e\u0301cho',
    'echo\u0000',
    'echo\n',
    'orders_lookup',
    'orders.lookup.',
    'delete_acc\u043eunt',
  ];
  it.each(near)('%j is answered as unknown, is not sent, and the record says what it looks like', async (name) => {
    const { json, text } = await call(name);
    expect(json).toMatchObject(unknown(name));
    expect(text).not.toMatch(/looks like/);
    expect(stage.upstream.calls()).toEqual([]);
    const { rows } = await stage.operator('GET', '/api/audit?q=outcome:denied&limit=1');
    const row = JSON.stringify(await stage.operator('GET', `/api/audit/${rows[0].id}`));
    expect(row).toContain('unknown_tool');
    expect(row).toMatch(/looks like the advertised/);
  });
  it('a flood of unknown names causes a few lists, not one each', async () => {
    const told = await Promise.all(Array.from({ length: 300 }, (_, n) => call(`nothing_${n}`)));
    expect(told.every(({ json }) => json.error.code === -32602)).toBe(true);
    const lists = stage.upstream.requests.filter(({ message }) => message?.method === 'tools/list');
    expect(lists.length).toBeLessThanOrEqual(4);
    expect(stage.upstream.calls()).toEqual([]);
  });
});

describe('deny globs', () => {
  it.each(['Delete_it', 'delete_account'])(
    'fold letters: %j is refused as the server would not know it',
    async (name) => {
      expect((await call(name)).json).toMatchObject(unknown(name));
      expect(stage.upstream.calls()).toEqual([]);
    },
  );
  it('match every character with *, slash, newline and leading dot included', async () => {
    const helio = await startHelio(`version: '1'
upstream: { url: '${stage.upstream.url}' }
listen: { port: 0 }
plugins: [policy, feedback]
policies: { default: allow, rules: [{ match: { tool: 'deletefile*' }, action: deny }, { match: { tool: '*delete_x' }, action: deny }] }
`);
    for (const name of ['deleteﬁle/\nall', '.hidden/delete_x']) {
      const { json } = await call(name, {}, helio);
      expect(json.result._meta['com.gethelio/feedback'].reason).toBe('policy_denied');
    }
    await helio.stop();
    expect(stage.upstream.calls()).toEqual([]);
  });
});

describe('a tool that is hidden from somebody', () => {
  it('is not listed, is not callable, and is answered like one that does not exist', async () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const seen = async (agent: string) =>
      (await post(stage.helios[0]!.mcp, list, { 'x-agent': agent })).json.result.tools.map(({ name }: any) => name);
    expect(await seen('clerk')).not.toContain('process_refund');
    expect(await seen('boss')).toContain('process_refund');
    stage.upstream.forget();
    const hidden = await call('process_refund', { 'x-agent': 'clerk' });
    const absent = await call('process_return', { 'x-agent': 'clerk' });
    expect(hidden.json).toMatchObject(unknown('process_refund'));
    expect(Object.keys(hidden.json.error)).toEqual(Object.keys(absent.json.error));
    expect(stage.upstream.calls()).toEqual([]);
    expect((await call('process_refund', { 'x-agent': 'boss' })).json.result.isError ?? false).toBe(false);
  });
});

describe('two upstreams', () => {
  it('with a tool of the same name keep them apart by prefix, and rules see which one is meant', async () => {
    const other = await startRecordingUpstream({ tools: [tool('echo')] });
    const helio = await startHelio(`version: '1'
upstreams:
  web: { url: '${stage.upstream.url}' }
  shop: { url: '${other.url}' }
listen: { port: 0 }
plugins: [policy, feedback]
policies: { default: allow, rules: [{ match: { tool: echo, upstream: shop }, action: deny }] }
`);
    const hello = {
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {} },
    };
    const { headers } = await post(helio.mcp, {
      ...hello,
      params: { ...hello.params, clientInfo: { name: 't', version: '1' } },
    });
    const session = { 'mcp-session-id': headers.get('mcp-session-id')! };
    expect((await call('web__echo', session, helio)).json.result.isError ?? false).toBe(false);
    expect((await call('shop__echo', session, helio)).json.result.isError).toBe(true);
    expect((await call('echo', session, helio)).json).toMatchObject(unknown('echo'));
    expect(other.calls()).toEqual([]);
    expect(stage.upstream.calls()).toHaveLength(1);
    await helio.stop();
    await other.stop();
  });
});

describe('hints', () => {
  it('of an upstream that is not trusted do not loosen: readOnlyHint true counts as absent', async () => {
    const liar = await startRecordingUpstream({
      tools: [{ ...tool('wipe'), annotations: { readOnlyHint: true, destructiveHint: false } }],
    });
    const told = async (trust: string): Promise<boolean> => {
      const helio = await startHelio(`version: '1'
upstream: { url: '${liar.url}', annotations: ${trust} }
listen: { port: 0 }
plugins: [policy, feedback]
policies: { default: allow, rules: [{ match: { tool: '*', annotations: { readOnlyHint: false } }, action: deny }] }
`);
      const { json } = await call('wipe', {}, helio);
      await helio.stop();
      return json.result.isError ?? false;
    };
    expect(await told('trusted')).toBe(false);
    liar.forget();
    expect(await told('untrusted')).toBe(true);
    expect(liar.calls()).toEqual([]);
    await liar.stop();
  });
});
