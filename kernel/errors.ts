/** Every error a person can meet: its code, why it happened, what to do, and the exit code of a command that ends on it. */
import type { ConfigPath, Place, Problem } from './plugin.ts';

/** Documented in `helio --help`. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  config: 3,
  testsFailed: 4,
  notAllowed: 5,
  chainBroken: 6,
  unreachable: 7,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface ErrorEntry<P> {
  readonly exit: ExitCode;
  /** What is wrong: a sentence without a final stop. Never a secret, never a stack trace. */
  readonly why: (params: P) => string;
  /** What to do: the same. */
  readonly fix: (params: P) => string;
}
const entry = <P>(
  exit: keyof typeof exitCodes,
  why: (params: P) => string,
  fix: (params: P) => string,
): ErrorEntry<P> => ({
  exit: exitCodes[exit],
  why,
  fix,
});

/** A code of several sentences: each is made where what is wrong is known. */
const told = (exit: keyof typeof exitCodes, what = 'see the reference of the section in docs/reference') =>
  entry<{ message: string; fix?: string | undefined }>(
    exit,
    ({ message }) => message,
    ({ fix }) => fix ?? what,
  );
const remote = ({ host }: { host: string }): string => `"${host}" can be reached from other machines`;
const meanRemote = (): string => 'write allow_remote: true beside it if that is meant, or use 127.0.0.1';

/** Add yours beside its area; the code is `HELIO_<AREA>_<WHAT>`. */
export const errors = {
  // helio.yaml
  HELIO_CONFIG_NOT_FOUND: entry<{ path: string }>(
    'config',
    ({ path }) => `there is no ${path}`,
    () => 'run "helio init" to write one, or name another file with -c FILE',
  ),
  HELIO_CONFIG_UNREADABLE: entry<{ path: string; reason: string }>(
    'config',
    ({ path, reason }) => `${path} cannot be read: ${reason}`,
    () => 'make it a regular file of UTF-8 text that this user may read',
  ),
  HELIO_CONFIG_EMPTY: entry<{ path: string }>(
    'config',
    ({ path }) => `${path} is empty`,
    () => 'if an editor was just saving it, try again; else run "helio init --force"',
  ),
  HELIO_CONFIG_TOO_LARGE: entry<{ path: string; limit: string }>(
    'config',
    ({ path, limit }) => `${path} is larger than ${limit}`,
    () => 'name a helio.yaml with -c FILE',
  ),
  HELIO_CONFIG_SYNTAX: entry<{ detail: string }>(
    'config',
    ({ detail }) => `this is not valid YAML: ${detail}`,
    () => 'check indentation, quotes and brackets on this line and the one before it',
  ),
  HELIO_CONFIG_NOT_A_MAPPING: entry<{ found: string }>(
    'config',
    ({ found }) => `the file must hold sections ("upstream:", "policies:", ...), not ${found}`,
    () => 'compare it with what "helio init" writes',
  ),
  HELIO_CONFIG_DUPLICATE_KEY: entry<{ key: string }>(
    'config',
    ({ key }) => `"${key}" stands twice here, and only one of them could count`,
    () => 'merge the two, or remove one',
  ),
  HELIO_CONFIG_ALIASES: entry<Record<never, never>>(
    'config',
    () => 'the aliases in this file expand to too much',
    () => 'write the repeated parts out, or use fewer aliases',
  ),
  HELIO_CONFIG_TAG: entry<{ tag: string }>(
    'config',
    ({ tag }) => `unknown tag "${tag}"`,
    () => 'remove the tag: helio.yaml holds plain YAML 1.2 values only',
  ),
  HELIO_CONFIG_VARIABLE_MISSING: entry<{ name: string }>(
    'config',
    ({ name }) => `the environment variable ${name} is not set`,
    ({ name }) => `set ${name}, put it into the .env file beside helio.yaml, or give a default: \${${name}:-value}`,
  ),
  HELIO_CONFIG_VARIABLE_SYNTAX: entry<{ text: string }>(
    'config',
    ({ text }) => `"${text}" is no variable`,
    () => 'write ${NAME} or ${NAME:-default}; a literal ${ is written $${',
  ),
  HELIO_CONFIG_ENV_FILE: entry<{ path: string; reason: string }>(
    'config',
    ({ path, reason }) => `${path}: ${reason}`,
    () => 'write one NAME=value per line',
  ),
  HELIO_CONFIG_UNKNOWN_KEY: entry<{ key: string; nearest?: string | undefined; known?: readonly string[] | undefined }>(
    'config',
    ({ key, nearest }) => `unknown key "${key}"${nearest ? ` (did you mean "${nearest}"?)` : ''}`,
    ({ nearest, known }) =>
      nearest
        ? `write "${nearest}", or remove it`
        : known?.length
          ? `remove it; known here: ${known.join(', ')}`
          : 'remove it',
  ),
  HELIO_CONFIG_PLUGIN_MISSING: entry<{ what: string; plugin: string }>(
    'config',
    ({ what, plugin }) => `${what} needs the plugin "${plugin}", which is not loaded`,
    ({ plugin }) => `add "${plugin}" to plugins:, or remove this`,
  ),
  HELIO_CONFIG_VALUE: entry<{ message: string; fix?: string | undefined }>(
    'config',
    ({ message }) => message,
    ({ fix }) => fix ?? 'see docs/reference/configuration.md',
  ),
  HELIO_CONFIG_UPSTREAM_AND_UPSTREAMS: entry<Record<never, never>>(
    'config',
    () => '`upstream` and `upstreams` exclude each other: one server, or several by name',
    () => 'move the server of `upstream` into `upstreams` under a name of its own, or remove one of the two',
  ),
  HELIO_CONFIG_INVALID: entry<{ path: string; errors: number }>(
    'config',
    ({ path, errors }) => `${path} has ${errors === 1 ? 'an error' : `${errors} errors`}`,
    () => 'correct it; "helio validate" shows all errors at once',
  ),
  // plugins
  HELIO_PLUGIN_NOT_FOUND: entry<{ use: string; fix: string }>(
    'config',
    ({ use }) => `plugin "${use}" was not found`,
    ({ fix }) => fix,
  ),
  HELIO_PLUGIN_IMPORT: entry<{ use: string; reason: string; fix?: string | undefined }>(
    'config',
    ({ use, reason }) => `plugin "${use}" could not be loaded: ${reason}`,
    ({ fix }) => fix ?? 'mend it, or take it out of plugins:',
  ),
  HELIO_PLUGIN_NOT_A_PLUGIN: entry<{ use: string }>(
    'config',
    ({ use }) => `the default export of "${use}" is no Helio plugin`,
    () => 'write "export default definePlugin({ ... })"',
  ),
  HELIO_PLUGIN_API_VERSION: entry<{ use: string; found: string; wanted: number }>(
    'config',
    ({ use, found, wanted }) => `plugin "${use}" is written for plugin API ${found}; this Helio offers ${wanted}`,
    () => 'install a version of the plugin, or of Helio, that fits',
  ),
  HELIO_PLUGIN_MANIFEST: entry<{ use: string; wrong: string }>(
    'config',
    ({ use, wrong }) => `plugin "${use}" cannot be loaded: ${wrong}`,
    () => 'correct its definition',
  ),
  HELIO_PLUGIN_TWICE: entry<{ name: string; uses: string }>(
    'config',
    ({ name, uses }) => `two plugins are called "${name}": ${uses}`,
    () => 'take one of them out of plugins:',
  ),
  HELIO_PLUGIN_REGISTER: entry<{ plugin: string; where: string; reason: string }>(
    'config',
    ({ plugin, where, reason }) => `plugin "${plugin}" failed in ${where}: ${reason}`,
    () => 'the log has the details; mend the plugin, or take it out of plugins:',
  ),
  HELIO_PLUGIN_START: entry<{ plugin: string; reason: string; fix?: string | undefined }>(
    'failure',
    ({ plugin, reason }) => `plugin "${plugin}" could not start: ${reason}`,
    ({ fix }) => fix ?? 'the log has the details',
  ),
  HELIO_PLUGIN_ORDER_RING: entry<{ hook: string; plugins: string }>(
    'config',
    ({ hook, plugins }) => `the taps of ${hook} wait for each other: ${plugins}`,
    () => 'take one of their "after" entries out',
  ),
  HELIO_PLUGIN_NEEDS: entry<{ plugin: string; service: string; fix?: string | undefined }>(
    'config',
    ({ plugin, service }) => `plugin "${plugin}" needs ${service}, and no loaded plugin provides it`,
    ({ fix }) => fix ?? 'add a plugin that provides it to plugins:',
  ),
  HELIO_PLUGIN_PROVIDES: entry<{ plugin: string; service: string }>(
    'config',
    ({ plugin, service }) => `plugin "${plugin}" promises ${service} and does not provide it`,
    () => 'its register function must return it',
  ),
  HELIO_PLUGIN_CONFIG_TWICE: entry<{ plugin: string; section: string }>(
    'config',
    ({ plugin, section }) => `plugin "${plugin}" is configured twice: here, and in the section "${section}"`,
    () => 'keep one of the two',
  ),
  HELIO_PLUGIN_SECTION: entry<{ plugin: string; section: string; owner: string }>(
    'config',
    ({ plugin, section, owner }) => `plugin "${plugin}" wants the section "${section}", which belongs to ${owner}`,
    () => 'take it out of plugins:, or ask its author for another name',
  ),
  HELIO_PLUGIN_URL: entry<{ use: string; reason: string }>(
    'config',
    ({ use, reason }) => `"${use}" cannot be asked: ${reason}`,
    () => 'write the URL of a decider, such as http://127.0.0.1:7000/decide',
  ),
  HELIO_PLUGIN_CHANGED: entry<{ plugins: string; file: string }>(
    'failure',
    ({ plugins, file }) => `plugins do more than ${file} says was accepted: ${plugins}`,
    () => 'look at the list; then "helio plugins check --accept" writes it down',
  ),
  HELIO_PLUGIN_ON_ERROR: entry<{ plugin: string }>(
    'config',
    ({ plugin }) => `plugin "${plugin}" cannot have on_error: continue`,
    () =>
      'only plugins that tap nothing but onDecision and provide nothing can: a guard that is skipped opens the gate',
  ),
  HELIO_PLUGIN_HOLDS_UP: told(
    'failure',
    'nothing else runs until the plugin returns; when it never does, restart Helio without it',
  ),
  HELIO_SERVICE_TWICE: entry<{ service: string; plugins?: string | undefined }>(
    'config',
    ({ service, plugins }) => `two plugins provide ${service}${plugins ? `: ${plugins}` : ''}`,
    () => 'take one of them out of plugins:',
  ),
  HELIO_SERVICE_RING: entry<{ plugins: string }>(
    'config',
    ({ plugins }) => `these plugins need each other in a circle: ${plugins}`,
    () => 'one of them must want instead of need',
  ),
  HELIO_FACT_TWICE: entry<{ fact: string }>(
    'failure',
    ({ fact }) => `the fact "${fact}" was set twice for one call`,
    () => 'facts are write-once: set it in one place',
  ),
  HELIO_FACT_TOO_LATE: entry<{ fact: string }>(
    'failure',
    ({ fact }) => `the fact "${fact}" was set after the call was committed`,
    () => 'set it in onRequest, evaluate or beforeForward',
  ),

  HELIO_QUESTION_ARGUMENTS: entry<{ reason: string }>(
    'usage',
    ({ reason }) => `the arguments cannot be read: ${reason}`,
    () => 'give them as one JSON object',
  ),

  // upstreams
  HELIO_UPSTREAM_PROGRAM: entry<{ upstream: string; reason: string }>(
    'failure',
    ({ upstream, reason }) => `the upstream "${upstream}" cannot be started: ${reason}`,
    () =>
      'install it, or correct command, cwd or env.PATH of this upstream in helio.yaml; calls try again by themselves',
  ),

  // command line
  HELIO_CLI_USAGE: entry<{ detail: string; command: string }>(
    'usage',
    ({ detail }) => detail,
    ({ command }) => `"${command || 'helio'} --help" shows what there is`,
  ),
  HELIO_CLI_FAULT: told('failure', 'this is a fault in Helio; HELIO_LOG=debug shows more'),
  HELIO_CLI_CLIENT_FILE: entry<{ path: string; reason: string }>(
    'failure',
    ({ path, reason }) => `${path} cannot be read as a client's list of servers: ${reason}`,
    () => 'mend that file; it was left as it is',
  ),
  HELIO_CLI_UNREACHABLE: entry<{ url: string; reason: string }>(
    'unreachable',
    ({ url, reason }) => `no running Helio answers at ${url}: ${reason}`,
    () => 'start it with "helio start", or point dashboard.host and dashboard.port at it',
  ),
  HELIO_CLI_REFUSED: entry<{ reason: string }>(
    'failure',
    ({ reason }) => `the running Helio refused: ${reason}`,
    () => 'change the request, or look at the dashboard',
  ),
  HELIO_CLI_UNAUTHORISED: entry<{ url: string }>(
    'unreachable',
    ({ url }) => `the running Helio at ${url} refuses this secret`,
    () => 'set the secret that dashboard.api_secret names in this shell',
  ),

  // approvals
  HELIO_APPROVALS_NO_SECRET: entry<Record<never, never>>(
    'config',
    () => 'a rule asks for approvals, but no operator can log in to give them: dashboard.api_secret is missing',
    () =>
      'set dashboard.api_secret ("helio init" writes one), or dashboard.operators; without it whoever reaches the port could approve',
  ),
  HELIO_APPROVALS_NO_CHANNEL: entry<Record<never, never>>(
    'config',
    () => 'a rule asks for approvals, but there is no channel to ask on',
    () => 'add "approvals-dashboard" to plugins:, or a channel to approval.channels',
  ),
  HELIO_APPROVALS_CHANNEL_TYPE: entry<{ type: string; fix: string }>(
    'config',
    ({ type }) => `no loaded plugin brings approval channels of type "${type}"`,
    ({ fix }) => fix,
  ),
  HELIO_APPROVALS_CHANNEL_NAME: entry<{ name: string }>(
    'config',
    ({ name }) => `two channels are called "${name}"`,
    () => 'give each a name of its own',
  ),
  HELIO_APPROVALS_CHANNEL_UNKNOWN: entry<{ who: string; name: string; known: string }>(
    'config',
    ({ who, name }) => `${who} names the channel "${name}", which is not there`,
    ({ known }) => `use one of the configured channels (${known}), or add it to approval.channels`,
  ),
  HELIO_APPROVALS_NOT_ASKED: entry<{ rule: string }>(
    'config',
    ({ rule }) => `rule "${rule}" has "approval:", but its action asks nobody`,
    () => 'write "action: require_approval", or remove "approval:"',
  ),
  HELIO_APPROVALS_ESCALATION: entry<{ rule: string }>(
    'config',
    ({ rule }) => `rule "${rule}" has only one of "escalation_after" and "delegates"`,
    () => 'write both, or neither',
  ),
  HELIO_APPROVALS_APPROVER_UNKNOWN: entry<{ rule: string; name: string; known: string }>(
    'config',
    ({ rule, name }) => `rule "${rule}" names the approver "${name}", whom none of its channels knows`,
    ({ known }) =>
      `use one of ${known || 'the approvers of its channels'}, or add that person to dashboard.operators or the channel's approvers`,
  ),
  HELIO_APPROVALS_QUORUM: entry<{ rule: string; wanted: number; count: number }>(
    'config',
    ({ rule, wanted, count }) => `rule "${rule}" wants ${wanted} people, but its channels can tell only ${count} apart`,
    () => 'name people in dashboard.operators, or ask on a Slack channel',
  ),
  // the operator's listener and the sideband
  HELIO_OPERATOR_REMOTE: entry<{ host: string }>('config', remote, meanRemote),
  HELIO_OPERATOR_OPEN: entry<Record<never, never>>(
    'config',
    () => 'without a login the dashboard may only listen on loopback',
    () => 'set api_secret, or host: 127.0.0.1 without public_url',
  ),
  HELIO_OPERATOR_OPEN_SECRET: entry<Record<never, never>>(
    'config',
    () => 'open mode lets everybody in, so that a secret here would mean nothing',
    () => 'remove allow_open_mode, or the secret',
  ),
  HELIO_OPERATOR_NAME: entry<{ name: string }>(
    'config',
    ({ name }) => `the name "${name}" stands twice`,
    () => 'give every operator a name of their own',
  ),
  HELIO_OPERATOR_SAME_SECRET: entry<{ name: string }>(
    'config',
    ({ name }) => `"${name}" has the same secret as another operator`,
    () => 'give every operator a secret of their own',
  ),
  HELIO_SIDEBAND_REMOTE: entry<{ host: string }>('config', remote, meanRemote),
  HELIO_SIDEBAND_TOKEN: entry<{ name: string; problem: string }>(
    'config',
    ({ name, problem }) => `the environment variable ${name} ${problem}`,
    () => 'set it to 32 random bytes in hex, or leave it out',
  ),
  // policies: the sentence is made where the rule is known
  HELIO_POLICY_BAD_RULE: told('config'),
  HELIO_POLICY_DOUBTFUL_RULE: told('config'),
  HELIO_POLICY_NAME_TWICE: told('config'),
  HELIO_POLICY_RING: told('config'),
  HELIO_POLICY_UNKNOWN_ACTION: told('config'),
  HELIO_POLICY_UNKNOWN_CONDITION: told('config'),
  HELIO_POLICY_UNKNOWN_FIELD: told('config'),
  HELIO_POLICY_WORD_TWICE: told('config'),
  HELIO_POLICY_NO_IDENTITY: told('config'),
  HELIO_POLICY_NO_AGENT: told('config'),
  HELIO_POLICY_SHADOWED: told('config'),
  HELIO_POLICY_NEVER_MATTERS: told('config'),
  HELIO_POLICY_CHANGES_NOTHING: told('config'),
  HELIO_POLICY_ALLOWS_ALL: told('config'),
  HELIO_POLICY_LIMIT_WITHOUT_ACTION: told('config'),
  HELIO_POLICY_NOTHING_PASSES: told('config'),
  HELIO_POLICY_NEEDS_NAME: told('config'),
  HELIO_POLICY_NO_SUCH_TOOL: told('config'),
  HELIO_POLICY_NUMBER_ON_TEXT: told('config'),
  // the audit trail and the state store
  HELIO_AUDIT_EMPTY: told('failure', 'run Helio with this helio.yaml first'),
  HELIO_AUDIT_NO_ROW: told('failure', 'take the decision_id that the agent was given, or an id of "helio audit query"'),
  HELIO_AUDIT_QUERY: told('usage', 'docs/guide/audit.md has the language'),
  HELIO_AUDIT_UNREADABLE: told('failure', 'see that the file is the one Helio wrote, and that this user may read it'),
  HELIO_AUDIT_UNAVAILABLE: told('failure', 'the log says what the disk said'),
  HELIO_STORE_BAD_OP: told('failure', 'the plugin that asked for it has to be mended'),
  HELIO_STORE_CLOSED: told('failure', 'Helio is being stopped'),
  HELIO_STORE_CRASHED: told('failure', 'the next call opens it again; the log has the details'),
  HELIO_STORE_FAILED: told('failure', 'the log has the details'),
  HELIO_STORE_NO_SQLITE: told('failure', 'install better-sqlite3 for this Node, or run Node 22.13 or newer'),
  HELIO_STORE_TOO_NEW: told('failure', 'run the Helio that wrote it, or go back to the backup beside it'),

  // upstreams
  HELIO_CONNECT_TIMEOUT: told('failure', 'see that the upstream is up, and that its address is right'),

  // listeners
  HELIO_LISTEN_TAKEN: entry<{ host: string; port: number; path: string }>(
    'failure',
    ({ host, port }) => `port ${port} on ${host} is taken`,
    ({ path }) => `stop what listens there, or change ${path} in helio.yaml`,
  ),
  HELIO_LISTEN_FAILED: entry<{ host: string; port: number; path: string; reason: string }>(
    'failure',
    ({ host, port, reason }) => `cannot listen on ${host}:${port}: ${reason}`,
    ({ path }) => `change ${path} in helio.yaml`,
  ),
} as const satisfies Record<string, ErrorEntry<any>>;

export type ErrorCode = keyof typeof errors;
export type ErrorParams<C extends ErrorCode> = Parameters<(typeof errors)[C]['why']>[0];

/** A problem with the place where it stands. */
export interface LocatedProblem extends Problem {
  readonly place: Place | undefined;
}

/** An error with a code, for a person. `message` says what is wrong, `fix` what to do. */
export class HelioError extends Error {
  override readonly name = 'HelioError';
  readonly code: ErrorCode;
  readonly fix: string;
  readonly exitCode: ExitCode;
  readonly place: Place | undefined;
  /** All that is wrong with helio.yaml, when the code is about it. */
  readonly problems: readonly LocatedProblem[];

  constructor(code: ErrorCode, message: string, fix: string, more: ErrorDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.fix = fix;
    this.exitCode = errors[code].exit;
    this.place = more.place;
    this.problems = more.problems ?? [];
  }
}

export interface ErrorDetails {
  readonly place?: Place | undefined;
  readonly cause?: unknown;
  readonly problems?: readonly LocatedProblem[] | undefined;
}

/** Makes (does not throw) the error of a code: `throw helioError('HELIO_CONFIG_EMPTY', { path })`. */
export function helioError<C extends ErrorCode>(code: C, params: ErrorParams<C>, details?: ErrorDetails): HelioError {
  const { why, fix } = errors[code] as ErrorEntry<ErrorParams<C>>;
  return new HelioError(code, why(params), fix(params), details);
}

/** By shape, not by class: two copies of this package can be loaded at once. */
export function isHelioError(error: unknown): error is HelioError {
  return error instanceof Error && error.name === 'HelioError' && typeof (error as HelioError).code === 'string';
}

/** The same as a problem of helio.yaml, at a path. */
export function configProblem<C extends ErrorCode>(code: C, params: ErrorParams<C>, path: ConfigPath): Problem {
  const { why, fix } = errors[code] as ErrorEntry<ErrorParams<C>>;
  return { code, path, message: why(params), fix: fix(params) };
}

export { formatError, formatPath, formatProblems } from './config/explain.ts';
