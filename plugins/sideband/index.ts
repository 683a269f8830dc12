/** The sideband: a listener of its own where applications tell what MCP does not show, and ask about tools of their own. */
import { randomBytes } from 'node:crypto';
import { banner, configProblem, definePlugin } from '@gethelio/proxy/plugin';
import { approvalDesk } from '@gethelio/proxy/contracts/approvals';
import { completedSteps } from '@gethelio/proxy/contracts/dependencies';
import { evidenceBook } from '@gethelio/proxy/contracts/evidence';
import { lastSessions } from '@gethelio/proxy/contracts/identity';
import { sessionContext } from '@gethelio/proxy/contracts/policy';
import { commit, documents } from '@gethelio/proxy/contracts/state';
import { sidebandConfig } from './config.ts';
import { isLoopback, type WrongTokens } from './entrance.ts';
import { createEvaluations } from './evaluations.ts';
import { buildRoutes } from './routes.ts';
import { createSessionValues } from './session-values.ts';
import { adapterTokenName, createTokens, sdkTokenName, tokenProblem } from './tokens.ts';

const bannerOrder = 50;
const bodyLimitBytes = 1024 * 1024;

export const sideband = definePlugin({
  name: 'sideband',
  apiVersion: 1,
  summary: 'Evidence, steps and context from the SDK; judges tools that run inside an application.',
  section: 'sdk',
  config: sidebandConfig.prefault({}),
  needs: { commit, documents, sessions: lastSessions },
  wants: { book: evidenceBook, steps: completedSteps, desk: approvalDesk },
  reaches: { secrets: [sdkTokenName, adapterTokenName] },
  register(api) {
    const { config, needs, wants, clock } = api;
    const nowMs = (): number => clock.nowMs();
    const sdkToken = api.env(sdkTokenName);
    const adapterToken = api.env(adapterTokenName);
    const made = api.keep('token', () => randomBytes(32).toString('hex'));
    const evaluations = api.keep('evaluations', createEvaluations);
    const wrong = api.keep('wrong-tokens', (): WrongTokens => ({ count: 0, sinceMs: 0 }));
    const values = api.keep('values', () => createSessionValues(needs.documents, needs.commit, nowMs));

    for (const [name, token] of [[sdkTokenName, sdkToken] as const, [adapterTokenName, adapterToken] as const]) {
      const problem = token === undefined ? undefined : tokenProblem(token);
      if (problem === undefined) continue;
      api.report(configProblem('HELIO_SIDEBAND_TOKEN', { name, problem }, api.configPath));
    }
    if (!isLoopback(config.host) && !config.allow_remote) {
      api.report(configProblem('HELIO_SIDEBAND_REMOTE', { host: config.host }, [...api.configPath, 'host']));
    }
    api.contribute(sessionContext, { get: (session) => values.get(session) });
    if (!config.enabled) return;

    const listener = api.listen(
      {
        name: 'sideband',
        host: config.host,
        port: config.port,
        path: [...api.configPath, 'port'],
        optional: api.locate(api.configPath) === undefined,
        bodyLimitBytes,
      },
      (app) =>
        buildRoutes(app, {
          kernel: api.kernel,
          evaluations,
          evaluationTtlMs: config.evaluation_ttl,
          values,
          sessions: needs.sessions,
          book: wants.book,
          steps: wants.steps,
          desk: wants.desk,
          tokens: createTokens(sdkToken ?? made, adapterToken),
          host: config.host,
          allowedHosts: config.allowed_hosts,
          wrong,
          log: api.log,
          nowMs,
          emit: (kind, data) => api.emit(kind, data),
        }),
    );

    api.contribute(banner, { order: bannerOrder, label: 'sdk', text: () => listener.url() });
    api.contribute(banner, {
      order: bannerOrder,
      label: 'sdk',
      to: 'stderr',
      text: () => {
        const url = listener.url();
        if (url === undefined) return undefined;
        const listening = `SDK sideband listening on ${url}`;
        if (sdkToken !== undefined) return listening;
        return `${listening}\nSDK token (pass as ${sdkTokenName} env var to your SDK clients):\n  ${made}`;
      },
    });

    let unwatch = (): void => {};
    api.onStart(async () => {
      if (!isLoopback(config.host))
        api.log.warn('the sideband listens on an address that other machines can reach', { host: config.host });
      unwatch = await values.open();
    });
    api.onStop(async (reason) => {
      unwatch();
      if (reason === 'shutdown') await evaluations.close();
    });
  },
});
export default sideband;
