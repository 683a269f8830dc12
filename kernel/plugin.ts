/** The public API, all of it: what a plugin imports from `@gethelio/proxy/plugin`. */
import type { FastifyInstance } from 'fastify'; // type only: fastify as a value stays in kernel/http
import type { z } from 'zod';
import type { StoreOp, Refusal } from './store.ts';

export type { StoreOp, TakeOp, Refusal, Commit, Committed } from './store.ts';
export { bucketFamily, bucketName, checkStoreOps, isAmount } from './store-ops.ts';
export { definePlugin, defineService, defineExtension, defineFact } from './define.ts';
export { secret, isSecret } from './config/secret.ts';
export { duration, durationMs } from './config/duration.ts';
export { nearest } from './config/nearest.ts';
export { toolDefinition } from './mcp/tool-definition.ts';
export { resultAnswer, errorAnswer, inputRequiredAnswer } from './answer.ts';
export { deny } from './decision.ts';
export { canonical, writeJson } from './mcp/write-json.ts';
export { decimalAt, decimalIn, readStrict, readStrictText } from './mcp/json.ts';
export { uuidv7 } from './uuid.ts';
export { isShutdown } from './shutdown.ts';
export { wrapLine } from './wrap.ts';
export { configProblem } from './errors.ts';
export {
  addDecimal,
  compareDecimal,
  isDecimal,
  multiplyDecimal,
  negateDecimal,
  normaliseDecimal,
  subtractDecimal,
  sumDecimals,
} from './decimal.ts';

export type Awaitable<T> = T | Promise<T>;
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

// -- What a call is ---------------------------------------------------------------------------------------------

/**
 * One request that the pipeline sees. `tool`, `resource` and `prompt` (tools/call, resources/read, prompts/get) are
 * governed: judged, committed, forwarded. `list` (tools/list and its kin) only passes `onRequest` and `afterResponse`.
 * Deep-frozen: plugins judge it, never edit it.
 */
export interface Call {
  /** UUIDv7; the agent reads it as `decision_id`. */
  readonly id: string;
  readonly kind: 'tool' | 'resource' | 'prompt' | 'list';
  readonly upstream: string;
  /** The tool's or prompt's name, the resource's URI, or the list's method. */
  readonly name: string;
  readonly arguments: { readonly [name: string]: Json };
  /**
   * The exact decimal text of a number in the arguments, as the client wrote it, by a member path (`$.amount`,
   * `$.items[0].price`). Money and digests never see a binary float. Undefined when there is no number there.
   */
  decimal(path: string): string | undefined;
  /** sha256 (hex) over kind, upstream, name and the canonical arguments: sorted keys, exact normalised decimals. */
  digest(): string;
  readonly receivedAtMs: number;
  readonly arrival: Arrival;
}

/** How a call reached Helio. Everything here is the client's own word: identity decides what to believe. */
export interface Arrival {
  readonly door: 'http' | 'sse' | 'stdio' | 'sideband';
  /** `modern` = MCP 2026-07-28 (stateless), `legacy` = everything before. */
  readonly era: 'legacy' | 'modern';
  /** A request header by lower-case name; repeated ones are joined with ", ". Always undefined on stdio. */
  header(name: string): string | undefined;
  /** The legacy `Mcp-Session-Id`, or the stdio process's own session. */
  readonly mcpSession: string | undefined;
  /** Peer address, or `stdio`. */
  readonly peer: string;
  /** `params._meta` as sent. */
  readonly meta: JsonObject;
  /** The client's name and version as it told them: never an identity. */
  readonly client: { readonly name: string; readonly version: string } | undefined;
  /** The client's declared capabilities, of this request (modern) or of its session (legacy). */
  readonly clientCapabilities: JsonObject;
  /** `params.requestState` of a further leg of `input_required`. Attacker-controlled. */
  readonly requestState: string | undefined;
  /** `params.inputResponses` of a further leg. Attacker-controlled. */
  readonly inputResponses: JsonObject | undefined;
  /** Set only by doors that know better than the client (the authenticated sideband, `explain`): identity believes it. */
  readonly vouched?: { readonly session?: string; readonly agent?: string };
}

/** What came back, whatever it is. Bytes are kept; `value()` parses on first use. */
export interface Answer {
  readonly kind: 'result' | 'error' | 'input_required' | 'task';
  /** A JSON-RPC error, or a tool result with `isError: true`. */
  readonly isError: boolean;
  /** The JSON of the `result` (or `error`) member, as it came. */
  readonly bytes: Uint8Array;
  /** The parsed `result` (or `error`) member. */
  value(): Json;
}

/** What an upstream advertises, learned from the tools/list answers that pass. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly annotations: {
    /** The MCP defaults are applied, and `upstream.annotations: untrusted` has taken out hints that loosen. */
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
    readonly title?: string;
  };
  readonly inputSchema: JsonObject | undefined;
  /** The definition as the upstream sent it, whole. */
  readonly raw: JsonObject;
}

/** A typed, write-once note that one plugin leaves for the others, for this call. Setting it twice throws. */
export interface Fact<T> {
  readonly id: string;
  readonly _type?: T;
}
export interface Facts {
  get<T>(fact: Fact<T>): T | undefined;
}
/** Writable in onRequest, evaluate (a fresh overlay per evaluation) and beforeForward; readable everywhere after. */
export interface WritableFacts extends Facts {
  set<T>(fact: Fact<T>, value: T): void;
}

// -- What a plugin may say --------------------------------------------------------------------------------------

/** From least to most restrictive. The strictest verdict wins, whatever the order. */
export type Effect = 'allow' | 'hold' | 'simulate' | 'deny';

export interface Verdict {
  readonly effect: Effect;
  /** Stable reason: `rate_limited`, `evidence_missing`, ... */
  readonly code: string;
  /** A sentence that a model can act on. */
  readonly reason: string;
  readonly rule?: { readonly name: string; readonly line: number };
  /** Merged into the feedback object. */
  readonly details?: { readonly [key: string]: Json };
  readonly suggestion?: string;
  readonly retry?: { readonly allowed: boolean; readonly afterMs?: number };
  /** Recorded, outside the fold. */
  readonly shadow?: true;
  /** Refuse as a server without this tool would. */
  readonly as?: 'unknown_tool';
}
/** A verdict with the name of the plugin that gave it, and the stage it was given in. */
export type GivenVerdict = Verdict & { readonly plugin: string; readonly stage: string };
export interface Decision {
  readonly effect: Effect;
  /** Every verdict, strictest first; among equals in the fixed order of the taps. */
  readonly verdicts: readonly GivenVerdict[];
}

/** Ends the call before the upstream sees it: refuse, or answer in its place. */
export type Halt = { readonly deny: Verdict } | { readonly respond: Answer; readonly outcome?: 'answered' | 'pending' };

/** What this plugin wants to take. All ops of all plugins and the intent row are one store transaction, all or none. */
export interface Commitment {
  readonly ops: readonly StoreOp[];
  /** The deny that a refused op becomes; left out, a general sentence with the plugin's name. */
  refused?(refusal: Refusal): Verdict;
  /**
   * Runs exactly once, before the answer leaves, on the answer as it came. The ops are committed before the client
   * reads the answer. `acted: false` means that the upstream provably did nothing: give back what was taken.
   */
  settle?(settlement: Settlement): readonly StoreOp[] | void;
}
export interface Settlement {
  readonly outcome: Outcome;
  /** False only when the upstream provably did not act (architecture: given back only then). */
  readonly acted: boolean;
  readonly answer: Answer | undefined;
  readonly nowMs: number;
}

export type Outcome =
  'forwarded' | 'denied' | 'simulated' | 'answered' | 'pending' | 'withheld' | 'not_sent' | 'unknown';

/** Given to observers exactly once per call - and, with `call` absent, per refusal at the door, reload, login, drift. */
export interface DecisionRecord {
  /** `call`, `list`, `request`, `refusal`, `reload`, or what a plugin `emit`s. */
  readonly kind: string;
  readonly id: string;
  readonly atMs: number;
  readonly call?: Call;
  /** The arguments as the client sent them, when a plugin rewrote them. */
  readonly sentArguments?: Call['arguments'];
  /** The JSON-RPC method, where there was one. */
  readonly method?: string;
  readonly upstream?: string;
  readonly arrival?: Arrival;
  readonly facts: Facts;
  readonly decision: Decision;
  readonly outcome: Outcome;
  /** The answer as the client got it. */
  readonly answer?: Answer;
  /** A sentence, when something failed. */
  readonly error?: string;
  /** What a plugin or the kernel adds about this kind of record. */
  readonly data?: JsonObject;
  /** Milliseconds of Helio's own, of people, and of the upstream. */
  readonly helioMs: number;
  readonly waitedMs: number;
  readonly upstreamMs: number;
}

// -- What each hook hands over ----------------------------------------------------------------------------------

export interface CallContext {
  readonly call: Call;
  readonly facts: WritableFacts;
  /** Aborts when the caller cancelled or left, and when Helio is being stopped (`isShutdown`): then it still reads an answer. */
  readonly signal: AbortSignal;
  readonly nowMs: number;
  /** The called tool's definition; undefined for resources, prompts and lists. */
  readonly tool: ToolDefinition | undefined;
  /** `explain` walks every stage and commits nothing; `live` is a real call. */
  readonly mode: 'live' | 'explain';
  /** The id of the call that this one continues (a further leg of `input_required` that Helio has open). */
  readonly continues: string | undefined;
}
export interface RequestContext extends CallContext {
  /** Before judgement only: what is judged is what is sent. The original stays in the audit. */
  rewriteArguments(next: Call['arguments'], reason: string): void;
}
export interface ForwardContext extends CallContext {
  readonly decision: Decision;
  /** Lifts a hold. A hold that nobody lifts is a refusal. */
  lift(by: string): void;
  /**
   * Says that a person is being asked: the door keeps the client's connection alive from now on. A call that waited
   * and was lifted is judged again, by the generation that is current then.
   */
  waiting(message: string): void;
  /** Transport only. Name and arguments cannot change after `evaluate`. */
  setHeader(name: string, value: string): void;
}
export interface ResponseContext extends CallContext {
  readonly decision: Decision;
}

export interface HookHandlers {
  /** Identify and normalise. Every tap runs; none can decide. */
  onRequest(ctx: RequestContext): Awaitable<void>;
  /** Judge. Change nothing outside the facts: return a verdict (or several), or nothing to abstain. */
  evaluate(ctx: CallContext): Awaitable<Verdict | readonly Verdict[] | void>;
  /** Commit: ask the person, name what to take. The first halt ends it. */
  beforeForward(ctx: ForwardContext): Awaitable<Halt | Commitment | void>;
  /** Redact or annotate, lists too. Return a new answer, or nothing to keep the one you got. */
  afterResponse(answer: Answer, ctx: ResponseContext): Awaitable<Answer | void>;
  /** Observe. Order means nothing here. */
  onDecision(record: DecisionRecord): Awaitable<void>;
}
export type HookName = keyof HookHandlers;

/** Named places instead of numbers, in their order. */
export interface HookStages {
  onRequest: 'identify' | 'normalize' | 'observe';
  evaluate: 'guard' | 'judge' | 'meter';
  beforeForward: 'lift' | 'reserve' | 'prepare';
  afterResponse: 'redact' | 'annotate';
  onDecision: never;
}
export interface TapOptions<H extends HookName> {
  /** Left out: the hook's middle stage (`normalize`, `judge`, `reserve`, `annotate`). */
  readonly stage?: HookStages[H];
  /** Names of plugins whose tap in the same stage comes first. */
  readonly after?: readonly string[];
  /** Only for calls of tools that match this glob. */
  readonly only?: { readonly tool: string };
  readonly timeoutMs?: number;
}
export interface Hook<H extends HookName> {
  tap(handler: HookHandlers[H]): void;
  tap(options: TapOptions<H>, handler: HookHandlers[H]): void;
}

// -- How plugins meet without importing each other --------------------------------------------------------------

/** One provider, many users. */
export interface Service<T> {
  readonly kind: 'service';
  readonly id: string;
  readonly scope: 'process' | 'generation';
  readonly _type?: T;
}
/** One owner, many contributors. */
export interface ExtensionPoint<T> {
  readonly kind: 'extension';
  readonly id: string;
  readonly _type?: T;
}
export type ServiceMap = { readonly [name: string]: Service<any> };
export type ExtensionMap = { readonly [name: string]: ExtensionPoint<any> };
export type ValueOf<R> = R extends Service<infer T> ? T : R extends ExtensionPoint<infer T> ? T : never;
export type Values<M> = { readonly [K in keyof M]: ValueOf<M[K]> };

export interface Log {
  debug(message: string, data?: JsonObject): void;
  info(message: string, data?: JsonObject): void;
  warn(message: string, data?: JsonObject): void;
  error(message: string, data?: JsonObject): void;
}

/** A place in helio.yaml. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
/** The way to a value in helio.yaml: `['policies', 'rules', 2, 'action']`. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong in helio.yaml. Reported with file, line and column, all at once; one error refuses the generation. */
export interface Problem {
  readonly code: string;
  readonly path: ConfigPath;
  /** What is wrong, a sentence without a final stop. */
  readonly message: string;
  /** What to do. */
  readonly fix?: string;
  readonly severity?: 'error' | 'warning';
}

// -- The plugin itself ------------------------------------------------------------------------------------------

export interface PluginApi<Config, Taps extends HookName, Needs, Wants, Owns> {
  /** The plugin's name as loaded. */
  readonly name: string;
  /** Validated, with defaults. Secrets are marked with `secret()` in the schema and masked everywhere. */
  readonly config: Config;
  /** The top-level `environment:` of helio.yaml. */
  readonly environment: string | undefined;
  /**
   * An environment variable, `.env` beside helio.yaml included; undefined when it is unset or empty.
   * Throws for a name that `reaches.secrets` does not declare: what a plugin reads is for the operator to see.
   */
  env(name: string): string | undefined;
  /** The path of the plugin's section, for `locate` and `report`. */
  readonly configPath: ConfigPath;
  readonly needs: Values<Needs>;
  readonly wants: Partial<Values<Wants>>;
  /** A tap that was not declared does not exist here. */
  readonly hooks: { readonly [H in Taps]: Hook<H> };
  readonly clock: { nowMs(): number };
  /** `.helio/` beside helio.yaml, 0700. */
  readonly stateDir: string;
  /** The folder of helio.yaml: every relative path of the config is resolved against it. */
  readonly configDir: string;
  readonly log: Log;
  /** Typed in-process events: audit and dashboard listen. Also becomes a record (`kind`) for every observer. */
  emit(kind: string, data: JsonObject): void;
  /** Listens to events of every plugin; `*` is all. Gone with the generation. */
  on(kind: string, listener: (kind: string, data: JsonObject) => void): void;
  contribute<T>(point: ExtensionPoint<T>, contribution: T): void;
  /** Complete from `onCheck` on. */
  collect<K extends keyof Owns>(point: K): readonly ValueOf<Owns[K]>[];
  /** Where a value stands in helio.yaml; undefined when it is not written there. */
  locate(path: ConfigPath): Place | undefined;
  /** Reports something wrong in helio.yaml; use in `register` and `onCheck`. */
  report(problem: Problem): void;
  /**
   * Validates a part of the own section against a schema composed from contributions. Undefined after a failure, which
   * is reported with its place.
   */
  check<S extends z.ZodType>(schema: S, value: unknown, path: ConfigPath): z.output<S> | undefined;
  /** The schema that editors, docs and `helio config schema` show for the section, once composed. Use in `onCheck`. */
  describe(schema: z.ZodType): void;
  /** Lives for the process: created once, handed to every later generation. Close it in `onStop('shutdown')`. */
  keep<T>(key: string, create: () => T): T;
  /** Adds routes to the operator's listener: `/api/plugins/<name>/`, or `/hooks/<name>/` with `auth: 'own'`. */
  routes(build: (app: FastifyInstance) => Awaitable<void>, options?: RouteOptions): void;
  /** Opens a listener of its own; the socket outlives a reload, the routes do not. Opened at start, closed at shutdown. */
  listen(options: ListenOptions, build: (app: FastifyInstance) => Awaitable<void>): Listener;
  /** The kernel's own doors into the running proxy. */
  readonly kernel: KernelApi;
  /** Runs when every plugin is registered and before anything starts: contributions are complete, no I/O yet. */
  onCheck(run: () => void): void;
  onStart(run: (signal: AbortSignal) => Awaitable<void>): void;
  onStop(run: (reason: 'reload' | 'shutdown') => Awaitable<void>): void;
}

export interface RouteOptions {
  /** `operator`: behind the operator's login (default). `own`: the routes verify their own signature, at `/hooks/<name>/`. */
  readonly auth?: 'operator' | 'own';
  /** Mount at this path instead (first-party plugins: `/api/approvals`). */
  readonly prefix?: string;
}
export interface ListenOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The config path of the port, for the error when it is taken. */
  readonly path: ConfigPath;
  /** A taken port is a warning, not an error, when nothing in helio.yaml asked for this listener. */
  readonly optional?: boolean;
  readonly bodyLimitBytes?: number;
}
export interface Listener {
  /** `http://127.0.0.1:3100`; undefined until it listens, or when an optional port was taken. */
  url(): string | undefined;
}

/** What the kernel lets plugins ask of it. */
export interface KernelApi {
  /** helio's own version. */
  readonly version: string;
  /** The config as loaded: path, hash, `generation` number, and the sections with secrets masked. */
  configuration(): ConfigurationView;
  /** Manifests of the loaded plugins, in load order, with health counters. */
  plugins(): readonly PluginView[];
  upstreams(): readonly UpstreamView[];
  /** Where agents connect over HTTP: `http://127.0.0.1:3000/mcp`. Undefined while no HTTP door is open. */
  endpoint(): string | undefined;
  /**
   * The tools an upstream advertises, all pages: as known now, fetched when nothing is known or `fresh` is asked for.
   * Rejects when they cannot be had.
   */
  tools(upstream: string, options?: { readonly fresh?: boolean }): Promise<readonly ToolDefinition[]>;
  /** Judges a made-up call and commits nothing. */
  explain(question: Question): Promise<Explanation>;
  /** Runs a call that is executed elsewhere: judge and commit now, `report` settles. For the sideband's adapter. */
  evaluate(question: Question): Promise<Evaluation>;
  /** Sends a record to every observer and to the journal. */
  record(record: Pick<DecisionRecord, 'kind'> & Partial<DecisionRecord>): Promise<void>;
}
export interface Question {
  readonly name: string;
  readonly kind?: Call['kind'];
  readonly upstream?: string;
  /**
   * The definition (as in tools/list, `name` left out) of a tool that no upstream advertises, because it runs inside the
   * application. Its upstream is called `in-process` unless `upstream` says otherwise.
   */
  readonly definition?: JsonObject;
  readonly arguments?: Call['arguments'];
  /** The JSON text of the arguments, when exact numbers matter. Wins over `arguments`. */
  readonly argumentsText?: string;
  readonly session?: string;
  readonly agent?: string;
  readonly nowMs?: number;
  readonly headers?: { readonly [name: string]: string };
}
export interface Explanation {
  readonly decision: Decision;
  readonly feedback: JsonObject | undefined;
  readonly facts: Facts;
  readonly call: Call;
  /** One step per tap, in order: plugin, hook, stage, verdicts, milliseconds. */
  readonly steps: readonly {
    readonly plugin: string;
    readonly stage: string;
    readonly verdicts: readonly Verdict[];
    readonly ms: number;
  }[];
}
export interface Evaluation {
  readonly id: string;
  readonly decision: Decision;
  readonly outcome: 'ready' | 'denied' | 'simulated' | 'answered' | 'pending';
  readonly feedback: JsonObject | undefined;
  /** Settles and records. Idempotent. Only there when `outcome` is `ready`. */
  report(result: { readonly acted: boolean; readonly known: boolean; readonly answer?: Answer }): Promise<void>;
}
export interface ConfigurationView {
  readonly path: string;
  readonly text: string;
  readonly hash: string;
  readonly generation: number;
  readonly loadedAtMs: number;
  readonly sections: JsonObject;
  readonly warnings: readonly string[];
  readonly lastReload:
    { readonly atMs: number; readonly ok: boolean; readonly hash: string; readonly error?: string } | undefined;
}
export interface PluginView {
  readonly name: string;
  readonly summary: string;
  /** Its section of helio.yaml. */
  readonly section: string;
  readonly version: string;
  readonly source: 'standard' | 'package' | 'file' | 'url';
  readonly implied: boolean;
  readonly taps: readonly { readonly hook: HookName; readonly stage: string; readonly place: number }[];
  readonly needs: readonly string[];
  readonly wants: readonly string[];
  readonly provides: readonly string[];
  readonly owns: readonly string[];
  readonly reaches: { readonly network: readonly string[]; readonly secrets: readonly string[] };
  readonly calls: number;
  readonly failures: number;
  readonly lastFailure?: string;
  /** Time spent in this plugin's taps, milliseconds, of a recent sample. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}
export interface UpstreamView {
  readonly name: string;
  readonly transport: 'http' | 'stdio' | 'sse';
  readonly state: 'up' | 'down' | 'unknown';
  readonly detail: string;
}

export interface PluginDefinition<
  Schema extends z.ZodType = z.ZodType,
  Taps extends readonly HookName[] = readonly HookName[],
  Needs extends ServiceMap = ServiceMap,
  Wants extends ServiceMap = ServiceMap,
  Owns extends ExtensionMap = ExtensionMap,
  Provides extends ServiceMap = ServiceMap,
> {
  /** kebab-case */
  readonly name: string;
  readonly apiVersion: 1;
  readonly version?: string;
  /** One sentence for `helio plugins`. */
  readonly summary?: string;
  /** Of helio.yaml, when it is not the name. */
  readonly section?: string;
  readonly config: Schema;
  readonly taps?: Taps;
  readonly needs?: Needs;
  readonly wants?: Wants;
  readonly owns?: Owns;
  readonly provides?: Provides;
  /** Declared for the operator to read; not a sandbox. */
  readonly reaches?: { readonly network?: readonly string[]; readonly secrets?: readonly string[] };
  /** Wire, don't act: no I/O here. What `provides` promises, this returns. */
  register(
    api: PluginApi<z.output<Schema>, Taps[number], Needs, Wants, Owns>,
  ): keyof Provides extends never ? void : Values<Provides>;
}

// -- What the kernel itself wants -------------------------------------------------------------------------------

/**
 * Keeps the record. Provided by `audit`; without one, calls run unrecorded and the banner says so. Rows are store
 * transactions, never an observer's matter.
 */
export interface Journal {
  /** A sentence when rows cannot be written now: governed calls are refused with `audit_unavailable`. */
  unavailable(): string | undefined;
  /** Ops that join the call's own transaction before the first byte goes upstream. None for a trusted read. */
  intent(pending: {
    readonly call: Call;
    readonly facts: Facts;
    readonly decision: Decision;
    readonly tool: ToolDefinition | undefined;
    readonly hasOps: boolean;
  }): readonly StoreOp[];
  /** The answer leaves when this resolves (strict), or at once when it returns nothing (relaxed). */
  outcome(record: DecisionRecord): Promise<void> | void;
}

/** Turns a refusal into what the client reads. Provided by `feedback`; without it the kernel says the minimum. */
export interface Refusals {
  render(refused: {
    readonly call: Call;
    readonly facts: Facts;
    readonly decision: Decision;
    readonly outcome: Outcome;
  }): RenderedRefusal;
}
export interface RenderedRefusal {
  /** The sentence for the model. */
  readonly text: string;
  /** The feedback object: `blocked`, `reason`, `rule`, `suggestion`, `retry_allowed`, `decision_id`, ... */
  readonly feedback: JsonObject;
  /** `tool_result` (default): isError result. `jsonrpc_error`: an error with this code and `data` = feedback. */
  readonly format: 'tool_result' | 'jsonrpc_error';
  readonly errorCode: number;
}

/** A command that a plugin adds to `helio`. */
export interface CliCommand {
  /** One or two words: `approvals list`. */
  readonly name: string;
  readonly summary: string;
  readonly options?: readonly { readonly flags: string; readonly description: string }[];
  readonly arguments?: readonly { readonly name: string; readonly description: string; readonly required?: boolean }[];
  run(input: CliInput): Awaitable<number | void>;
}
export interface CliInput {
  readonly args: readonly string[];
  readonly options: { readonly [name: string]: string | boolean | readonly string[] | undefined };
  readonly json: boolean;
  /** Standard output: the result only. */
  out(text: string): void;
  /** Standard error: everything else. */
  note(text: string): void;
  /** Standard error, on a terminal only: one line that the next call writes over; undefined takes it away. */
  progress?(text: string | undefined): void;
  /** Terminal width. `Infinity` where standard output is none: nothing is cut or broken in a pipe. */
  readonly columns: number;
  /** Opens the state stores for a command that judges or reads without a running Helio. Closed when it returns. */
  openStores(): Promise<void>;
  /** Asks the running Helio's operator API; rejects with HELIO_CLI_UNREACHABLE (exit 7). */
  ask(method: string, path: string, body?: Json): Promise<Json>;
}

/** One line of the start banner; `order` sorts. */
export interface BannerLine {
  readonly order: number;
  readonly label: string;
  text(): string | undefined;
  /**
   * `stderr`: the text stands there alone, off a terminal too: what a person must copy, such as a token. `everywhere`: the
   * JSON line of `helio start` and `helio validate` say it too, so it must be known before anything started.
   */
  readonly to?: 'stderr' | 'everywhere';
}

/** One thing that `helio doctor` looks at, without a running Helio. */
export interface DoctorCheck {
  /** A word or two, beside the answer. */
  readonly name: string;
  /** Bounded by the signal (some seconds). What it throws is a `fail`. */
  run(signal: AbortSignal): Awaitable<DoctorFinding | readonly DoctorFinding[]>;
}
export interface DoctorFinding {
  readonly state: 'ok' | 'warn' | 'fail';
  /** A sentence; never a secret. */
  readonly text: string;
  readonly fix?: string;
}

/** Looks at helio.yaml beside the tools of all upstreams; `helio validate` shows what it returns as warnings. */
export type CatalogueCheck = (tools: readonly ToolDefinition[]) => readonly Problem[];

export type { RoutesContribution } from './extensions.ts';
export { commit, journal, refusals, cliCommand, banner, doctorCheck, catalogueCheck, operatorRoutes } from './refs.ts';
export { openDatabase, migrate, backUp, isBusy, isFull, sqliteCode } from './sqlite.ts';
export type { Database, Migration, OpenOptions, SqlRow, SqlValue, Statement } from './sqlite.ts';
export { startWorker } from './worker.ts';
