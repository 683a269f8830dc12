/** Proves an audit sink beside the real audit: every row, in order, again after a failure, on after a restart. Runs under vitest. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Awaitable, JsonObject, PluginDefinition } from '../plugin.ts';
import { testPlugin, type PluginTest } from './test-plugin.ts';

/** A plugin that contributes a sink, with a fake of the other side. */
export interface SinkUnderTest {
  readonly plugin: PluginDefinition<any, any, any, any, any, any>;
  /** Its section of helio.yaml, so that it sends to the fake. Secrets as they are. */
  readonly config: JsonObject;
  /** The rows that are safe on the other side, in the order in which they came. */
  received(): readonly { readonly seq: number; readonly id: string }[];
  /** From now on the other side takes nothing (`true`), or takes everything again (`false`). */
  fails(now: boolean): void;
  /** Texts that may stand in no log line and no row. */
  readonly secrets: readonly string[];
  close(): Awaitable<void>;
}

/**
 * Declares the suite. `make` starts the fake other side and names the plugin. Rows may come twice after a failure or a
 * restart (a batch is sent again whole), so what counts is the first time that each came.
 *
 *     auditSinkContract(async () => ({ plugin: splunk, config: { url }, received: () => fake.rows, ... }));
 */
export function auditSinkContract(make: () => Awaitable<SinkUnderTest>): void {
  describe('audit sink contract', () => {
    let sink: SinkUnderTest;
    let folder: string;
    let helio: PluginTest | undefined;

    beforeEach(async () => {
      sink = await make();
      folder = await mkdtemp(join(tmpdir(), 'helio-sink-contract-'));
    });
    afterEach(async () => {
      await helio?.stop();
      helio = undefined;
      await sink.close();
      await rm(folder, { recursive: true, force: true });
    });

    async function start(): Promise<PluginTest> {
      helio = await testPlugin(sink.plugin, {
        with: ['policy', 'audit'],
        yaml: 'policies: { default: allow }',
        config: sink.config,
        folder,
      });
      return helio;
    }
    async function stop(): Promise<void> {
      await helio?.stop();
      helio = undefined;
    }
    async function calls(count: number): Promise<readonly string[]> {
      const told = [];
      for (let number = 0; number < count; number += 1)
        told.push(await helio!.call({ name: 'pay', arguments: { number } }));
      return told.map(({ record }) => record.id);
    }
    /** Waits until each of these is there, and tells the ids in the order in which they first came. */
    async function arrival(ids: readonly string[]): Promise<readonly string[]> {
      await expect
        .poll(() => ids.filter((id) => !sink.received().some((row) => row.id === id)), {
          timeout: 30_000,
          interval: 20,
        })
        .toEqual([]);
      return [...new Set(sink.received().map(({ id }) => id))].filter((id) => ids.includes(id));
    }

    test('receives every row in the order of the trail', async () => {
      await start();
      const ids = await calls(25);
      expect(await arrival(ids)).toEqual(ids);
      const numbers = sink.received().map(({ seq }) => seq);
      expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
    });

    test('gets again what it could not take, and slows no call meanwhile', async () => {
      await start();
      sink.fails(true);
      const ids = await calls(5);
      await new Promise((resolve) => setTimeout(resolve, 300)); // at least one try fails
      expect(sink.received().filter(({ id }) => ids.includes(id))).toEqual([]);
      sink.fails(false);
      expect(await arrival(ids)).toEqual(ids);
    }, 60_000);

    test('goes on after a restart with what it had not taken', async () => {
      await start();
      const before = await calls(3);
      await arrival(before);
      sink.fails(true);
      const missed = await calls(3);
      await stop();
      sink.fails(false);
      await start();
      const after = await calls(2);
      expect(await arrival([...before, ...missed, ...after])).toEqual([...before, ...missed, ...after]);
    }, 60_000);

    test('lets none of its secrets into logs or rows', async () => {
      await start();
      const ids = await calls(1);
      await arrival(ids);
      sink.fails(true);
      await calls(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const seen = JSON.stringify([helio!.logs, sink.received(), helio!.kernel.configuration().sections]);
      for (const secret of sink.secrets) expect(seen).not.toContain(secret);
    });
  });
}
