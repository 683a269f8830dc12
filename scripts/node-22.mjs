/** A Node >= 22 for tools that need one: the running one, else one from npm in node_modules/.cache. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The path of a node binary, or an Error that says why there is none (offline, another platform). */
export function nodeTwentyTwo() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const cache = join(root, 'node_modules', '.cache', 'node-24');
  const name = `node-${process.platform}-${process.arch}`;
  const binary = join(cache, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(cache, { recursive: true });
    try {
      execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', cache, `${name}@24`], {
        stdio: 'ignore',
      });
    } catch {
      throw new Error(`Node 22 or newer is needed, and ${name}@24 could not be fetched from npm`);
    }
  }
  return binary;
}
