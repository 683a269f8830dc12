/** What the plugin list means, on the built product: present, absent, someone else's, and broken. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { helioFolder, post, startHelio, toolCall } from '../fixtures/helio.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

let upstream: RecordingUpstream;
beforeAll(async () => void (upstream = await startRecordingUpstream()));
afterAll(() => upstream.stop());

const config = (plugins: string, rules: string): string => `version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
plugins: ${plugins}
policies:
  default: allow
  rules:
${rules}
`;
const denyDelete = "    - match: { tool: 'delete_*' }\n      action: deny";
const limitEcho =
  '    - match: { tool: echo }\n      action: rate_limit\n      limits: { max_calls: 1, window: 1h, key: tool }';

/** The node_modules of a folder that has Helio installed: this very checkout. */
async function withHelioInstalled(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules/@gethelio'), { recursive: true });
  const { symlink } = await import('node:fs/promises');
  await symlink(join(import.meta.dirname, '../..'), join(folder, 'node_modules/@gethelio/proxy'));
  await symlink(join(import.meta.dirname, '../../node_modules/zod'), join(folder, 'node_modules/zod'));
}

describe('the plugin list', () => {
  it('without the plugin of a rule is an error that names the plugin and the line', async () => {
    const failing = startHelio(config('[policy, feedback]', limitEcho));
    await expect(failing).rejects.toThrow(/helio\.yaml:\d+:\d+[\s\S]*rate-limits/);
  });

  it('with it counts, and without rule and plugin does not', async () => {
    const limited = await startHelio(config('[policy, feedback, rate-limits]', limitEcho));
    const first = await post(limited.mcp, toolCall('echo'));
    const second = await post(limited.mcp, toolCall('echo'));
    await limited.stop();
    expect(first.json.result.isError ?? false).toBe(false);
    expect(second.json.result._meta['com.gethelio/feedback']).toMatchObject({ reason: 'rate_limited' });
  });

  it('without policy refuses every call: nobody vouches for it', async () => {
    const helio = await startHelio(
      `version: '1'\nupstream: { url: '${upstream.url}' }\nlisten: { port: 0 }\nplugins: [feedback]\n`,
    );
    const { json } = await post(helio.mcp, toolCall('echo'));
    await helio.stop();
    expect(json.result.isError).toBe(true);
  });
});

describe('a plugin of twenty lines in a file beside helio.yaml', () => {
  const plugin = readFileSync(join(import.meta.dirname, 'fixtures/quiet-hours.js'), 'utf8');

  async function start(source: string) {
    const folder = await helioFolder();
    await withHelioInstalled(folder.path);
    await writeFile(join(folder.path, 'quiet-hours.js'), source);
    const rules =
      "    - match: { tool: echo, quiet_hours: true }\n      action: deny\n      feedback: { message: 'Everybody sleeps' }";
    const helio = await startHelio(config('[policy, feedback, { use: ./quiet-hours.js, timeout: 300ms }]', rules), {
      folder: folder.path,
    });
    return { helio, end: async () => void (await helio.stop(), await folder.remove()) };
  }

  it('is really that short', () => {
    expect(plugin.trim().split('\n').length).toBeLessThanOrEqual(20);
  });

  it('adds a rule condition and a verdict', async () => {
    const { helio, end } = await start(plugin);
    const condition = await post(helio.mcp, toolCall('echo'));
    const verdict = await post(helio.mcp, toolCall('orders.lookup', { city: 'nowhere' }));
    const other = await post(helio.mcp, toolCall('orders.lookup', { city: 'Leeds' }));
    await end();
    expect(condition.json.result.content[0].text).toContain('Everybody sleeps');
    expect(verdict.json.result._meta['com.gethelio/feedback']).toMatchObject({ reason: 'no_such_place' });
    expect(other.json.result.isError ?? false).toBe(false);
  });

  it.each([
    ['throws', "throw new Error('inside secret')"],
    ['hangs', 'return new Promise(() => {})'],
  ])('that %s denies calls, and the reason names it', async (_what, body) => {
    const broken = plugin.replace(/\/\/ judge[\s\S]*?\n/, `${body};\n`);
    expect(broken).not.toBe(plugin);
    const { helio, end } = await start(broken);
    upstream.forget();
    const { json } = await post(helio.mcp, toolCall('orders.lookup', { city: 'Leeds' }));
    await end();
    expect(json.result._meta['com.gethelio/feedback']).toMatchObject({ reason: 'plugin_failed' });
    expect(json.result.content[0].text).toContain('quiet-hours');
    expect(json.result.content[0].text).not.toContain('inside secret');
    expect(upstream.calls()).toEqual([]);
  });

  it('is refused with a sentence when it is not there, or is none', async () => {
    await expect(startHelio(config('[policy, ./nothing.js]', denyDelete))).rejects.toThrow(/nothing\.js/);
    const folder = await helioFolder();
    await writeFile(join(folder.path, 'none.mjs'), 'export default { name: 7 }');
    await expect(startHelio(config('[policy, ./none.mjs]', denyDelete), { folder: folder.path })).rejects.toThrow(
      /no Helio\s+plugin/,
    );
    await folder.remove();
  });
});
