/** Asks the operator's API of the Helio that runs on this helio.yaml. */
import { request } from 'undici';
import { helioError } from '../errors.ts';
import type { Inspected } from '../inspect.ts';
import type { Json, JsonObject } from '../plugin.ts';
import { readRunFile } from '../run-file.ts';

const timeoutMs = 10_000;
const defaultUrl = 'http://127.0.0.1:3100';

/** Throws HELIO_CLI_UNREACHABLE, HELIO_CLI_UNAUTHORISED, or HELIO_CLI_REFUSED with the API's own sentence. */
export async function askRunning(
  inspected: Pick<Inspected, 'file' | 'stateDir'>,
  method: string,
  path: string,
  body?: Json,
): Promise<Json> {
  const url = (await readRunFile(inspected.stateDir))?.dashboard ?? urlOf(inspected.file.tree['dashboard']);
  const secret = secretOf(inspected.file.tree['dashboard']);
  let status: number;
  let text: string;
  try {
    const response = await request(new URL(path, url), {
      method: method as 'GET',
      headers: {
        accept: 'application/json',
        ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    status = response.statusCode;
    text = await response.body.text();
  } catch (cause) {
    throw helioError(
      'HELIO_CLI_UNREACHABLE',
      { url, reason: (cause as NodeJS.ErrnoException).code ?? String((cause as Error).message) },
      { cause },
    );
  }
  if (status === 401 || status === 403) throw helioError('HELIO_CLI_UNAUTHORISED', { url });
  const answer = readJson(text);
  if (status >= 400)
    throw helioError('HELIO_CLI_REFUSED', { reason: reasonOf(answer) ?? `the answer was HTTP ${status}` });
  return answer;
}

function urlOf(section: Json | undefined): string {
  const { host, port } = (section ?? {}) as { host?: string; port?: number };
  if (host === undefined && port === undefined) return defaultUrl;
  return `http://${host === undefined || host === '0.0.0.0' ? '127.0.0.1' : host}:${port ?? 3100}`;
}

/** HELIO_OPERATOR_SECRET, for people with a name of their own; else what helio.yaml names. */
function secretOf(section: Json | undefined): string | undefined {
  const { api_secret: shared, operators } = (section ?? {}) as {
    api_secret?: string;
    operators?: { secret?: string }[];
  };
  return process.env['HELIO_OPERATOR_SECRET'] ?? shared ?? operators?.[0]?.secret;
}

function readJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function reasonOf(answer: Json): string | undefined {
  const error = (answer as JsonObject | null)?.['error'];
  if (typeof error === 'string') return error;
  return (error as JsonObject | undefined)?.['message'] as string | undefined;
}
