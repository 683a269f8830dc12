/** plugins/README.md is a table made from the manifests: `npx vitest run -u test/docs/plugins-table.test.ts` writes it anew. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sectionOf } from '../../kernel/generation.ts';
import type { PluginDefinition } from '../../kernel/plugin.ts';
import { testPlugin } from '../../kernel/testing/index.ts';
import { standardPlugins } from '../../plugins/standard.ts';

const intro = `# The plugins

Everything that Helio can do beside passing calls on is one of these. The order is the one in which they tap within a
stage. \`plugins:\` in helio.yaml names the ones to load; left out, all but those with a star are loaded.

| plugin | taps (stage) | needs | provides | owns | what it does |
|---|---|---|---|---|---|
`;

it('names every standard plugin with what its manifest says', async () => {
  const helio = await testPlugin(undefined, {
    with: standardPlugins.filter(({ name }) => name !== 'state-memory').map(({ name }) => name),
    yaml: `policies: { default: allow }
dashboard: { port: 0, api_secret: 'operator-secret-of-the-test-0001' }
sdk: { port: 0 }
audit-otlp: { endpoint: 'http://127.0.0.1:9' }`,
  });
  const taps = new Map(helio.kernel.plugins().map(({ name, taps }) => [name, taps]));
  await helio.stop();
  const rows = [];
  for (const { name, load, inStandardSet } of standardPlugins) {
    const plugin = (await load()).default as PluginDefinition;
    const ids = (map: object | undefined) => list(Object.values(map ?? {}).map((ref) => (ref as { id: string }).id));
    const tapped = [
      ...new Set(taps.get(name)?.map(({ hook, stage }) => (hook === 'onDecision' ? hook : `${hook} (${stage})`))),
    ];
    const section = sectionOf(plugin) === name ? '' : `, section \`${sectionOf(plugin)}\``;
    const columns = [list(tapped, ''), ids(plugin.needs), ids(plugin.provides), ids(plugin.owns), plugin.summary];
    expect(plugin.summary, name).toBeTruthy();
    rows.push(`| [${name}](${name}/index.ts)${inStandardSet ? '' : ' *'}${section} | ${columns.join(' | ')} |`);
  }
  await expect(`${intro}${rows.join('\n')}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, '../../plugins/README.md'),
  );
});

const list = (values: readonly string[], mark = '`'): string =>
  values.map((value) => `${mark}${value}${mark}`).join(', ');
