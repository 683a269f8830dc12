/** Plugins that misbehave in a running Helio: their calls are refused and name them, the upstream sees nothing, others go on. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { pluginFolder, pluginSource, type PluginFolder } from '../fixtures/plugin-folder.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

let upstream: RecordingUpstream;
let folder: PluginFolder;
let helio: Helio | undefined;
beforeAll(async () => void (upstream = await startRecordingUpstream()));
afterAll(() => upstream.stop());
beforeEach(() => {
  folder = pluginFolder();
  upstream.forget();
});
afterEach(async () => {
  await helio?.stop();
  helio = undefined;
  folder.remove();
});

/** Starts Helio with this plugin beside the policy that allows everything. */
async function start(
  source: string,
  entry = '{ use: ./bad.mjs, timeout: 300ms }',
  plugins = 'policy, feedback',
): Promise<Helio> {
  folder.write('bad.mjs', source);
  const yaml = `version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
plugins: [${plugins}, ${entry}]
policies: { default: allow }
`;
  return (helio = await startHelio(yaml, { folder: folder.path }));
}
/** Misbehaves for the tool `create_payment` only. */
const taps = (hook: string, body: string, before = ''): string =>
  pluginSource('bad', {
    before,
    more: `taps: ['${hook}'],`,
    register: `api.hooks.${hook}.tap({ only: { tool: 'create_payment' } }, (first, second) => { ${body} });`,
  });
const passes = async (mcp: string): Promise<void> =>
  expect((await post(mcp, toolCall('echo', { text: 'hello' }))).json.result.isError ?? false).toBe(false);

const ways: [string, string][] = [
  ['throws', "throw new Error('inside secret');"],
  ['hangs', 'return new Promise(() => {});'],
  ['loops for five seconds', 'const end = Date.now() + 5_000; while (Date.now() < end);'],
  ['changes the arguments', 'first.call.arguments.amount = 1;'],
  ['changes what is deep in the arguments', 'first.call.arguments.to.account = 7;'],
  ['answers by a promise that rejects', "return Promise.reject(new Error('inside secret'));"],
  [
    'answers what throws when it is read',
    "return { get effect() { throw new Error('inside secret'); }, get deny() { throw new Error('inside secret'); } };",
  ],
];
describe.each(['onRequest', 'evaluate', 'beforeForward'])('a plugin in %s', (hook) => {
  it.each(ways)('that %s', async (_what, body) => {
    const { mcp, logs } = await start(taps(hook, body));
    const { json } = await post(mcp, toolCall('create_payment', { amount: 500, to: { account: 1 } }));
    expect(json.result).toMatchObject({
      isError: true,
      _meta: { 'com.gethelio/feedback': { reason: 'plugin_failed' } },
    });
    expect(json.result.content[0].text).toContain('"bad"');
    expect(json.result.content[0].text).not.toContain('inside secret');
    expect(upstream.bytes().toString()).not.toContain('create_payment');
    await passes(mcp);
    expect(logs()).toContain('\\"bad\\"');
  });
});

describe('a plugin in afterResponse', () => {
  it.each([...ways.slice(0, 3), ['answers nonsense', "return { bytes: 'the answer' };"]] as [string, string][])(
    'that %s withholds the answer',
    async (_what, body) => {
      const { mcp } = await start(taps('afterResponse', body));
      const { json, text } = await post(mcp, toolCall('create_payment', { amount: 500 }));
      expect(json.result).toMatchObject({
        isError: true,
        _meta: { 'com.gethelio/feedback': { withheld: true, plugin: 'bad' } },
      });
      expect(text).not.toMatch(/"amount\\?":|inside secret/);
      await passes(mcp);
    },
  );
});

it('a plugin that taps what it did not declare is not loaded', async () => {
  const source = taps('onDecision', '').replace('hooks.onDecision', 'hooks.evaluate');
  await expect(start(source)).rejects.toThrow(/"bad" failed in\s+register/);
});

it('an endless loop denies nobody else once it is over, and the log says how long it took', async () => {
  const { mcp, logs } = await start(taps('evaluate', 'const end = Date.now() + 1_000; while (Date.now() < end);'));
  const [bad, ...others] = await Promise.all([
    post(mcp, toolCall('create_payment')),
    ...Array.from({ length: 10 }, (_, n) => post(mcp, toolCall('echo', { n }))),
  ]);
  expect(bad.json.result.isError).toBe(true);
  expect(others.map(({ json }) => json.result.isError ?? false)).toEqual(Array(10).fill(false));
  expect(logs()).toMatch(/took \d+ ms \(allowed: 300\)/);
});

it.each([
  ['beside a store', '{ use: ./bad.mjs, timeout: 300ms }', 'policy, feedback, audit'],
  ['with no thread but its own', '{ use: ./bad.mjs, timeout: 300ms }', 'policy, feedback, state-memory'],
])('a loop that lasts is named once while it lasts, %s', async (_where, entry, plugins) => {
  const source = taps('evaluate', 'const end = Date.now() + 5_500; while (Date.now() < end);');
  const { mcp, logs } = await start(source, entry, plugins);
  await post(mcp, toolCall('create_payment'));
  const said = logs().split('\n');
  const named = said.findIndex((line) => line.includes('plugin \\"bad\\" has held Helio up in evaluate for 3 s'));
  const over = said.findIndex((line) => /took \d+ ms \(allowed: 300\)/.test(line));
  expect(named).toBeGreaterThanOrEqual(0);
  expect(over).toBeGreaterThan(named);
  expect(said.filter((line) => line.includes('HELIO_PLUGIN_HOLDS_UP'))).toHaveLength(1);
});

describe('outside of every call', () => {
  it.each([
    ['throws in a timer', "setTimeout(() => { throw new Error('lost kettle'); }, 1);"],
    ['leaves a rejected promise behind', "void Promise.reject(new Error('lost kettle'));"],
    [
      'has an emitter whose error nobody hears',
      "setTimeout(() => new EventEmitter().emit('error', new Error('lost kettle')), 1);",
    ],
  ])('a plugin that %s is logged by its name, and Helio lives on', async (_what, body) => {
    const { mcp, logs } = await start(taps('evaluate', body, "import { EventEmitter } from 'node:events';"));
    await post(mcp, toolCall('create_payment'));
    await expect.poll(() => logs(), { timeout: 5_000 }).toContain('lost kettle');
    expect(logs()).toMatch(/plugin \\"bad\\"/);
    await passes(mcp);
  });
  it('an error of nobody ends Helio with code 1 and a line in the log', async () => {
    const stray = "setTimeout(() => { const e = new Error('nobody is to blame'); e.stack = e.message; throw e; }, 1);";
    const { mcp, logs, exited } = await start(taps('evaluate', stray));
    await post(mcp, toolCall('create_payment')).catch(() => undefined);
    expect(await exited).toMatchObject({ code: 1 });
    expect(logs()).toContain('Helio ends');
    helio = undefined;
  });
});

describe('on_error: continue', () => {
  const observer = pluginSource('bad', {
    more: "taps: ['onDecision'],",
    register: "api.onStart(() => { throw new Error('the collector is away'); });",
  });
  it('left out, an observer that cannot start stops the boot and is named', async () => {
    await expect(start(observer)).rejects.toThrow(/"bad" could not start:\s+the collector is away/);
  });
  it('lets Helio go on without it, and says so', async () => {
    const { mcp, logs } = await start(observer, '{ use: ./bad.mjs, on_error: continue }');
    await passes(mcp);
    expect(logs()).toMatch(/could not start; Helio goes on without it/);
  });
});

describe('a reload', () => {
  it('to a plugin that cannot start keeps the running one, and stops what had started', async () => {
    const steps = (name: string, fails: boolean): string =>
      pluginSource(name, {
        more: "taps: ['evaluate'],",
        register: `api.onStart(() => { api.log.info('begun ${name}'); ${fails ? "throw new Error('no kettle');" : ''} });
          api.onStop(() => api.log.info('ended ${name}'));
          api.hooks.evaluate.tap(() => undefined);`,
      });
    folder.write('good.mjs', steps('good', false));
    folder.write('worse.mjs', steps('worse', true));
    const { mcp, logs } = await start(steps('bad', false), './bad.mjs');
    const { readFileSync } = await import('node:fs');
    const now = readFileSync(`${folder.path}/helio.yaml`, 'utf8');
    folder.write('helio.yaml', now.replace('./bad.mjs', './good.mjs, ./worse.mjs'));
    await expect.poll(() => logs(), { timeout: 10_000 }).toContain('was not reloaded');
    expect(logs()).toContain('begun good');
    expect(logs()).toContain('ended good');
    expect(logs()).not.toContain('ended bad');
    await passes(mcp);
  });
});
