/** The operator's listener: login, API, callbacks. The dashboard and other plugins put their routes on it. */
import { randomBytes } from 'node:crypto';
import {
  banner,
  configProblem,
  definePlugin,
  operatorRoutes,
  type ConfigPath,
  type Problem,
} from '@gethelio/proxy/plugin';
import { operatorConfig, type OperatorConfig } from './config.ts';
import { operatorAccess, type OperatorAccess } from './contract.ts';
import { createCredential, digestOf, type Credential } from './credentials.ts';
import { createHostCheck, isLoopback } from './hosts.ts';
import { whoAsked } from './login.ts';
import { buildRoutes } from './routes.ts';
import { createSessions } from './sessions.ts';
import { createThrottle } from './throttle.ts';

const bannerOrder = 40;
/** Decisions carry a note of at most some kilobytes; nothing else is posted here. */
const bodyLimitBytes = 1024 * 1024;

export const operator = definePlugin({
  name: 'operator',
  apiVersion: 1,
  summary: "The operator's listener: login, security headers, API and callbacks.",
  section: 'dashboard',
  config: operatorConfig.prefault({}),
  owns: { routes: operatorRoutes },
  provides: { access: operatorAccess },
  register(api) {
    const { config } = api;
    const at = (...path: ConfigPath): ConfigPath => [...api.configPath, ...path];
    checkConfig(config, api.configPath, (problem) => api.report(problem));

    const secret: OperatorAccess['secret'] =
      config.api_secret !== undefined || config.operators.length > 0
        ? 'configured'
        : config.allow_open_mode
          ? 'open'
          : 'made';
    const made = api.keep('made', () => ({
      credential: createCredential('operator', randomBytes(32).toString('hex')),
      link: randomBytes(24).toString('base64url'),
      isUsed: false,
    }));
    const credentials: readonly Credential[] =
      secret === 'made'
        ? [made.credential]
        : [
            ...(config.api_secret === undefined ? [] : [createCredential('operator', config.api_secret)]),
            ...config.operators.map(({ name, secret: own }) => createCredential(name, own)),
          ];
    const sessions = api.keep('sessions', createSessions);
    const throttle = api.keep('throttle', createThrottle);

    const listener = config.enabled
      ? api.listen(
          {
            name: 'dashboard',
            host: config.host,
            port: config.port,
            path: at('port'),
            optional: api.locate(api.configPath) === undefined,
            bodyLimitBytes,
          },
          (app) =>
            buildRoutes(app, {
              credentials,
              open: secret === 'open',
              sessions,
              throttle,
              secure: config.public_url?.startsWith('https:') ?? false,
              useLink(token) {
                if (secret !== 'made' || made.isUsed || !digestOf(token).equals(digestOf(made.link))) return undefined;
                made.isUsed = true;
                return made.credential;
              },
              nowMs: () => api.clock.nowMs(),
              emit: (kind, data) => api.emit(kind, data),
              hosts: createHostCheck(config),
              contributions: api.collect('routes'),
              version: api.kernel.version,
              log: api.log,
            }),
        )
      : undefined;
    const url = (): string | undefined =>
      listener === undefined ? undefined : (config.public_url?.replace(/\/$/, '') ?? listener.url());

    api.contribute(banner, { order: bannerOrder, label: 'dashboard', text: url });
    api.contribute(banner, {
      order: bannerOrder,
      label: 'dashboard login',
      // Off a terminal too: nobody else can get in.
      to: 'stderr',
      text: () => {
        const address = url();
        if (address === undefined || secret !== 'made' || made.isUsed) return undefined;
        return `No dashboard.api_secret is set. This link signs in once:\n  ${address}/login#once=${made.link}`;
      },
    });
    api.onStart(() => {
      if (config.enabled && !isLoopback(config.host)) {
        api.log.warn('the dashboard listens on an address that other machines can reach', { host: config.host });
      }
    });

    return { access: { who: whoAsked, secret, names: credentials.map(({ name }) => name), url } };
  },
});
export default operator;

function checkConfig(config: OperatorConfig, section: ConfigPath, report: (problem: Problem) => void): void {
  const { host, allow_remote, allow_open_mode, public_url, api_secret, operators } = config;
  if (!isLoopback(host) && !allow_remote)
    report(configProblem('HELIO_OPERATOR_REMOTE', { host }, [...section, 'host']));
  if (allow_open_mode && (!isLoopback(host) || public_url !== undefined))
    report(configProblem('HELIO_OPERATOR_OPEN', {}, [...section, 'allow_open_mode']));
  if (allow_open_mode && (api_secret !== undefined || operators.length > 0))
    report(configProblem('HELIO_OPERATOR_OPEN_SECRET', {}, [...section, 'allow_open_mode']));
  const names = new Set<string>(api_secret === undefined ? [] : ['operator']);
  const secrets = new Set<string>(api_secret === undefined ? [] : [api_secret]);
  operators.forEach(({ name, secret }, index) => {
    const at = [...section, 'operators', index];
    if (names.has(name)) report(configProblem('HELIO_OPERATOR_NAME', { name }, [...at, 'name']));
    if (secrets.has(secret)) report(configProblem('HELIO_OPERATOR_SAME_SECRET', { name }, [...at, 'secret']));
    names.add(name);
    secrets.add(secret);
  });
}
