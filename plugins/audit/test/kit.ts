/** The audit plugin in the real wiring, with a plugin that allows what is not called `denied_*`. */
import { definePlugin, deny, type JsonObject, type PluginDefinition } from '@gethelio/proxy/plugin';
import { testPlugin, type PluginTest, type TestOptions } from '@gethelio/proxy/testing';
import { z } from 'zod';
import { openDatabase } from '@gethelio/proxy/plugin';
import { join } from 'node:path';
import type { AuditRow } from '../contract.ts';
import { audit } from '../index.ts';
import { createReaderOperations } from '../reader-operations.ts';

export const gate = definePlugin({
  name: 'gate',
  apiVersion: 1,
  config: z.strictObject({}).default({}),
  taps: ['evaluate'],
  register({ hooks }) {
    hooks.evaluate.tap(({ call }) =>
      call.name.startsWith('denied_')
        ? deny('policy_denied', 'This tool is closed.', { rule: { name: 'closed', line: 3 } })
        : { effect: 'allow', code: 'allowed', reason: 'Open.', rule: { name: 'open', line: 2 } },
    );
  },
});

export function withAudit(config: JsonObject = {}, options: TestOptions = {}): Promise<PluginTest> {
  return testPlugin(audit, { config, ...options, plugins: [gate, ...(options.plugins ?? [])] });
}

/** The rows as they are on disk now, oldest first. */
export function rowsOf(folder: string): readonly AuditRow[] {
  const database = openDatabase(join(folder, '.helio', 'audit.db'), { readOnly: true });
  try {
    return createReaderOperations(database).after(0, 100_000);
  } finally {
    database.close();
  }
}

export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not happen within 10 s');
}

export type AnyPlugin = PluginDefinition<any, any, any, any, any, any>;
