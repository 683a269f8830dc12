/** The sideband in the real wiring, asked over real HTTP. */
import { request } from 'node:http';
import { testPlugin, type PluginTest, type TestOptions } from '@gethelio/proxy/testing';
import { sideband } from '../index.ts';

export const sdkToken = 'sdk-token-of-the-tests';
export const adapterToken = 'adapter-token-of-the-tests';

export interface Asked {
  readonly status: number;
  readonly body: any;
  readonly headers: { readonly [name: string]: unknown };
}
export interface Desk extends PluginTest {
  /** `body` as text is sent as it is. */
  ask(method: string, path: string, body?: unknown, headers?: { readonly [name: string]: string }): Promise<Asked>;
}

export async function desk(options: TestOptions = {}): Promise<Desk> {
  const test = await testPlugin(sideband, {
    with: ['policy', 'identity', 'feedback', 'evidence', 'dependencies'],
    yaml: 'policies: { default: allow }',
    env: { HELIO_SDK_TOKEN: sdkToken, HELIO_ADAPTER_TOKEN: adapterToken },
    ...options,
    config: { port: 0, ...options.config },
  });
  return {
    ...test,
    ask: (method, path, body, headers) => ask(test.url('sideband')!, method, path, body, headers),
  };
}

/** node:http, because fetch forbids the headers Host and Origin that an attacker sends. */
export function ask(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: { readonly [name: string]: string } = {},
): Promise<Asked> {
  const text = body === undefined || typeof body === 'string' ? (body as string | undefined) : JSON.stringify(body);
  const all: { [name: string]: string } = {
    authorization: `Bearer ${sdkToken}`,
    ...(text !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers: all }, (answer) => {
      let read = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
      answer.on('end', () =>
        resolve({
          status: answer.statusCode!,
          headers: answer.headers,
          body: read === '' ? undefined : JSON.parse(read),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
