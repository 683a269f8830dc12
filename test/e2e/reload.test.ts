/** Hot reload on the built product: calls in flight get one answer of one generation, and a broken file changes nothing. */
import { readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

let upstream: RecordingUpstream;
beforeAll(async () => void (upstream = await startRecordingUpstream()));
afterAll(() => upstream.stop());

const config = (message: string): string => `version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
plugins: [policy, feedback]
policies:
  default: allow
  rules:
    - match: { tool: 'delete_*' }
      action: deny
      feedback: { message: '${message}' }
`;
const said = async (helio: Helio): Promise<string> =>
  (await post(helio.mcp, toolCall('delete_account'))).json.result.content[0].text;
const write = (helio: Helio, text: string) => writeFile(join(helio.folder, 'helio.yaml'), text);
const becomes = (helio: Helio, words: string) => expect.poll(() => said(helio), { timeout: 15_000 }).toContain(words);

describe('a reload', () => {
  it('while 200 calls are in flight gives every call one answer', async () => {
    const helio = await startHelio(config('first'));
    upstream.on('tools/call', async ({ request, response, id }) => {
      await new Promise((done) => setTimeout(done, 300));
      const text = JSON.stringify(request.message.params.arguments);
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } }));
    });
    const calls = Array.from({ length: 200 }, (_, n) => post(helio.mcp, toolCall('echo', { n }, n)));
    await write(helio, config('second'));
    const answers = await Promise.all(calls);
    for (const [n, { json }] of answers.entries()) {
      expect(json.id).toBe(n);
      expect(json.result.content[0].text).toBe(JSON.stringify({ n }));
    }
    await becomes(helio, 'second');
    await helio.stop();
  });

  it('of an invalid, empty, half-written or deleted file changes nothing, and the log says why', async () => {
    const helio = await startHelio(config('stays'));
    const broken: [text: string, reason: string][] = [
      ['', 'is empty'],
      ['policies: [', 'not valid YAML'],
      [config('x').replace('deny', 'denny'), 'denny'],
      [config('x').replace('policies:', 'polices:'), 'polices'],
    ];
    for (const [text, reason] of broken) {
      await write(helio, text);
      await expect.poll(() => helio.logs(), { timeout: 15_000 }).toContain(reason);
      expect(await said(helio)).toContain('stays');
    }
    await unlink(join(helio.folder, 'helio.yaml'));
    expect(await said(helio)).toContain('stays');
    await write(helio, config('healed'));
    await becomes(helio, 'healed');
    await helio.stop();
  });

  it('follows a rename and a swapped symlink, as editors and Kubernetes do them', async () => {
    const helio = await startHelio(config('first'));
    const path = join(helio.folder, 'helio.yaml');
    await writeFile(`${path}.new`, config('renamed'));
    await rename(`${path}.new`, path);
    await becomes(helio, 'renamed');
    await writeFile(join(helio.folder, 'other.yaml'), config('linked'));
    await rm(path);
    await symlink(join(helio.folder, 'other.yaml'), path);
    await becomes(helio, 'linked');
    expect(await readFile(path, 'utf8')).toContain('linked');
    await helio.stop();
  });

  it('happens on SIGHUP', async () => {
    const helio = await startHelio(config('first'), { args: ['--no-hot-reload'] });
    await write(helio, config('second'));
    expect(await said(helio)).toContain('first');
    helio.signal('SIGHUP');
    await becomes(helio, 'second');
    await helio.stop();
  });
});
