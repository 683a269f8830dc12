/** The audit trail: every call, refusal and change is a row of a signed chain that people can search, export and check. */
import { resolve } from 'node:path';
import { banner, cliCommand, commit, definePlugin, journal } from '@gethelio/proxy/plugin';
import { documents } from '@gethelio/proxy/contracts/state';
import { commands } from './cli/commands.ts';
import { auditConfig, type AuditConfig } from './config.ts';
import { auditFeed, auditField, auditSink, auditTrail, redact } from './contract.ts';
import { createJournal } from './journal.ts';
import type { PackOptions, PackedRow } from './pack.ts';
import { identifyProcess } from './process-identity.ts';
import { createRedact } from './redact/redact.ts';
import { addRoutes } from './routes.ts';
import { readOrCreateKey } from './store/keys.ts';
import { redactColumns } from './store/finish.ts';
import { compileRules, type CompiledRules } from './redact/rules.ts';
import { openTrailOf, type Trail, type TrailUse } from './trail.ts';

const bannerOrder = 60;

export const audit = definePlugin({
  name: 'audit',
  apiVersion: 1,
  summary: 'Every call, refusal and change as a row of a signed chain; search, export, verify.',
  config: auditConfig.prefault({}),
  needs: { commit, documents },
  owns: { fields: auditField, sinks: auditSink },
  provides: { journal, redact, trail: auditTrail, feed: auditFeed },
  register(api) {
    const { config, stateDir } = api;
    const path = resolve(api.configDir, config.path ?? resolve(stateDir, 'audit.db'));
    const hashKey = () => readOrCreateKey(stateDir).redactionKey;
    const rules = onceOf((): CompiledRules | undefined =>
      config.redact.length === 0 ? undefined : compileRules(config.redact, hashKey()),
    );
    const self = api.keep('process', identifyProcess);
    // Filled in by onStart: `keep` gives every later generation the trail that the first one opened.
    let opened: Trail | undefined;
    let use: TrailUse;
    const trail = (): Trail => {
      if (!opened) throw new Error('the audit trail is not open yet');
      return opened;
    };

    const packing: PackOptions = {
      origin: {
        process: self.id,
        version: api.kernel.version,
        configHash: onceOf(() => api.kernel.configuration().hash),
      },
      trace: config.trace,
      get fields() {
        return api.collect('fields');
      },
      log: api.log,
    };

    api.onStart(async () => {
      use = {
        number: api.keep('generations', () => ({ next: 1 })).next++,
        settings: settingsOf(config),
        sinks: api.collect('sinks'),
        packing: { ...packing, fields: api.collect('fields') },
      };
      opened = api.keep('trail', () =>
        openTrailOf({
          path,
          stateDir,
          fsync: config.fsync,
          process: self,
          first: use,
          store: api.needs,
          log: api.log,
          nowMs: api.clock.nowMs,
        }),
      );
      if (opened.path !== path)
        api.log.warn('audit.path changed: it takes effect at the next start', { path: opened.path });
      await opened.writer.ready.catch((error: Error) => {
        const fix = 'name a file in a folder that can be written as audit.path in helio.yaml, or leave audit.path out';
        throw Object.assign(error, { fix });
      });
      await opened.intents.sweep();
    });
    api.onStop(async (reason) => {
      if (reason === 'shutdown') await opened?.stop();
    });

    let made: ReturnType<typeof createJournal> | undefined;
    /** The first record of a generation shows that it is the one in use. */
    const inUse = () => {
      if (made) return made;
      const { writer, intents, flood, notifications } = trail();
      trail().use(use);
      return (made = createJournal({
        durability: config.durability,
        packing: use.packing,
        writer,
        intents,
        flood,
        notifications,
        nowMs: () => api.clock.nowMs(),
        redactIntent: (row: PackedRow) =>
          config.redact.length === 0 ? row : redactColumns(row, undefined, rules()!).row,
      }));
    };

    for (const command of commands({ path, stateDir, config })) api.contribute(cliCommand, command);
    api.routes((app) => addRoutes(app, trail, { stateDir, nowMs: () => api.clock.nowMs() }), { prefix: '/api/audit' });
    api.contribute(banner, { order: bannerOrder, label: 'audit', text: () => bannerText(config, path, opened) });

    return {
      journal: {
        unavailable: () => inUse().unavailable(),
        intent: (pending) => inUse().intent(pending),
        outcome: (record) => inUse().outcome(record),
      },
      redact: createRedact(config.redact, hashKey),
      trail: {
        query: (query) => trail().reader.query(query, api.clock.nowMs()),
        row: (id) => trail().reader.row(id),
        facets: (query) => trail().reader.facets(query, api.clock.nowMs()),
        stats: async () => ({ ...(await trail().reader.stats()), ...liveStats(trail()) }),
      },
      feed: {
        subscribe: (listener) => trail().feed.subscribe(listener),
        since: (seq, limit) => trail().feed.since(seq, limit),
      },
    };
  },
});
export default audit;

/** What only the running process knows. */
export function liveStats({ writer }: Trail) {
  const failure = writer.failure();
  return { unrecorded: writer.unrecorded(), waiting: writer.waiting(), ...(failure && { failure: failure.message }) };
}

function settingsOf(config: AuditConfig): TrailUse['settings'] {
  return {
    includeResponses: config.include_responses,
    maxResponseBytes: config.max_response_bytes,
    redact: config.redact,
    ageMs: config.retention.ageMs,
    sizeBytes: config.retention.sizeBytes,
  };
}

function bannerText(config: AuditConfig, path: string, trail: Trail | undefined): string {
  const lost = trail?.writer.unrecorded() ?? 0;
  return `${path} (${config.durability}${config.fsync ? ', fsync' : ''}${lost > 0 ? `, ${lost} unrecorded` : ''})`;
}

function onceOf<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
