/** What `helio doctor` looks at around Helio: the upstreams it leads to, and the clients that could pass it by. */
import { request } from 'undici';
import type { DoctorFinding, JsonObject, KernelApi } from '../../plugin.ts';
import { clients, isHelio } from '../clients/clients.ts';
import { readClientFile } from '../clients/import.ts';
import { within } from '../within.ts';

const upstreamWaitMs = 5_000;

export async function upstreams(kernel: KernelApi): Promise<readonly DoctorFinding[]> {
  return Promise.all(
    kernel.upstreams().map(async ({ name, transport }): Promise<DoctorFinding> => {
      const at = `${name} (${transport})`;
      try {
        const tools = await within(upstreamWaitMs, kernel.tools(name, { fresh: true }));
        if (tools === undefined)
          return {
            state: 'fail',
            text: `${at} did not answer in ${upstreamWaitMs / 1000} s`,
            fix: 'start it, or correct its url or command',
          };
        const era = kernel.upstreams().find((view) => view.name === name)?.detail;
        return { state: 'ok', text: `${at} answers with ${tools.length} tools${era ? `, ${era}` : ''}` };
      } catch (error) {
        return {
          state: 'fail',
          text: `${at}: ${String((error as Error).message).split('\n')[0]!}`,
          fix: 'start it, or correct its url or command',
        };
      }
    }),
  );
}

/** How far the clock of an upstream over HTTP is from ours, by its Date header (seconds; it carries no more). */
export async function skew(tree: JsonObject): Promise<readonly DoctorFinding[]> {
  const { url } = (tree['upstream'] ?? {}) as { url?: string };
  if (url === undefined) return [];
  try {
    const { headers, body } = await request(url, {
      method: 'HEAD',
      headersTimeout: upstreamWaitMs,
      bodyTimeout: upstreamWaitMs,
    });
    await body.dump();
    const theirMs = Date.parse(String(headers['date']));
    if (!Number.isFinite(theirMs)) return [];
    const seconds = Math.round(Math.abs(Date.now() - theirMs) / 1000);
    if (seconds <= 60) return [];
    return [
      { state: 'warn', text: `this clock and the upstream's are ${seconds} s apart`, fix: 'set the clock (NTP)' },
    ];
  } catch {
    return []; // that it is away is said elsewhere
  }
}

/** Servers that a client reaches without Helio. */
export async function bypasses(urls: readonly string[]): Promise<readonly DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  const seen = new Set<string>(); // the folder's file is the home's, in the home folder
  for (const { name: client, files } of clients()) {
    for (const path of files) {
      if (seen.has(path)) continue;
      seen.add(path);
      const servers = await readClientFile(path).catch((error: Error & { cause?: { code?: string } }) =>
        error.cause?.code === 'ENOENT' || /has none of/.test(error.message) ? {} : undefined,
      );
      if (servers === undefined) {
        findings.push({
          state: 'warn',
          text: `${path} cannot be read`,
          fix: 'mend it: its client ignores it in silence',
        });
        continue;
      }
      const direct = Object.entries(servers).filter(([, entry]) => !isHelio(entry, urls));
      if (direct.length === 0) continue;
      findings.push({
        state: 'warn',
        text: `${path} reaches ${direct.map(([name]) => name).join(', ')} without Helio`,
        fix: `helio init --from ${path}, then helio connect ${client} --write, and take them out there`,
      });
    }
  }
  return findings.length > 0 ? findings : [{ state: 'ok', text: 'no known client passes Helio by' }];
}
