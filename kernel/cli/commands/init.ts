/** `helio init`: writes helio.yaml and a .env (0600) with a fresh dashboard secret. Running it twice changes nothing. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exitCodes, helioError } from '../../errors.ts';
import type { Imported } from '../clients/import.ts';
import { configPathOf } from '../config-path.ts';
import { exportLines, importFrom, withUpstreams } from '../import-clients.ts';
import { note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

const templates = ['minimal', 'strict', 'payments'] as const;
const secretName = 'HELIO_DASHBOARD_SECRET';

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command
      .name('helio init')
      .description('Writes helio.yaml and a .env with a fresh secret.')
      .option('--template <name>', `${templates.join(', ')}`, 'minimal')
      .option('--from <file>', "take the servers of a client's file as upstreams; auto looks for files")
      .option('--force', 'replace a helio.yaml that is there')
      .option('--yes', 'ask nothing'),
  );
  if (usage === undefined) return exitCodes.ok;
  const path = configPathOf(usage);
  const { template, force, from, yes } = usage.options as {
    template: string;
    force?: boolean;
    from?: string;
    yes?: boolean;
  };
  if (!(templates as readonly string[]).includes(template)) {
    throw helioError('HELIO_CLI_USAGE', {
      detail: `unknown template "${template}": there are ${templates.join(', ')}`,
      command: 'helio init',
    });
  }
  if (existsSync(path) && !force) {
    note(`${path} is there already and stays as it is (--force replaces it)`);
  } else {
    const text = await readFile(new URL(`../templates/${template}.yaml`, import.meta.url), 'utf8');
    const imported = from === undefined ? undefined : await importFrom(from, yes !== true);
    await writeFile(path, imported === undefined ? text : withUpstreams(text, imported));
    out(`wrote ${path}`);
    if (imported !== undefined) tellImported(imported);
  }
  await ensureSecret(join(dirname(path), '.env'));
  await ensureIgnored(join(dirname(path), '.gitignore'));
  out('\nNext:\n  helio validate\n  helio start');
  return exitCodes.ok;
}

function tellImported(imported: Imported): void {
  out(`imported ${Object.keys(imported.upstreams).join(', ')}`);
  const lines = exportLines(imported);
  if (lines.length > 0) out(`\nSet these, here or in the .env beside it:\n  ${lines.join('\n  ')}`);
  out('\nThen let the client see Helio instead of them: helio connect CLIENT --write');
}

/** Adds the secret to .env once; an existing one stays. */
async function ensureSecret(path: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => '');
  if (new RegExp(`^\\s*${secretName}=`, 'm').test(before)) return;
  const line = `${secretName}=${randomBytes(24).toString('hex')}\n`;
  if (before === '') await writeFile(path, line, { mode: 0o600 });
  else await appendFile(path, `${before.endsWith('\n') ? '' : '\n'}${line}`);
  out(`wrote ${secretName} to ${path}`);
}

/** Secrets and state do not belong into Git; a folder without Git gets nothing. */
async function ensureIgnored(path: string): Promise<void> {
  if (!existsSync(join(dirname(path), '.git'))) return;
  const before = await readFile(path, 'utf8').catch(() => '');
  const missing = ['.env', '.helio/'].filter((entry) => !before.split(/\r?\n/).includes(entry));
  if (missing.length === 0) return;
  await appendFile(path, `${before === '' || before.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`);
}
