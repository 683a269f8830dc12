/** Runs the module of a plugin, in bounded time, and says in a sentence why it could not be run. */
import { spawnSync } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helioError, isHelioError } from '../errors.ts';

const importDeadlineMs = 10_000; // a module that awaits for ever at its top level would hold up the start without a word

/** Throws HELIO_PLUGIN_IMPORT. */
export async function importPlugin(url: string, use: string, deadlineMs = importDeadlineMs): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    const reason = `its module was not ready within ${deadlineMs / 1000} s (does it await something at its top level?)`;
    timer = setTimeout(() => fail(helioError('HELIO_PLUGIN_IMPORT', { use, reason })), deadlineMs);
  });
  try {
    return await Promise.race([import(url), late]);
  } catch (cause) {
    if (isHelioError(cause)) throw cause;
    throw helioError('HELIO_PLUGIN_IMPORT', { use, ...explain(cause, url) }, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function explain(cause: unknown, url: string): { readonly reason: string; readonly fix?: string } {
  const { code, message = String(cause) } = (cause ?? {}) as { code?: string; message?: string };
  const [sentence] = message.split('\n') as [string];
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      if (!/\.[cm]?ts$/.test(extname(fileURLToPath(url)))) return { reason: sentence };
      return {
        reason: 'this Node does not run TypeScript files',
        fix: typescriptAdvice(process.versions.node, process.features),
      };
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return {
        reason: 'Node runs no TypeScript from node_modules',
        fix: 'ask its author to publish JavaScript, or name its file in a folder of your own',
      };
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return {
        reason: sentence,
        fix: 'Node only strips types: write no enum, namespace or parameter property, or compile the plugin to JavaScript',
      };
    case 'ERR_MODULE_NOT_FOUND': {
      const missing = /^Cannot find package '([^']+)'/.exec(sentence)?.[1];
      return {
        reason: sentence,
        fix:
          missing === undefined
            ? 'install it again, or correct what it imports'
            : `install what it needs: npm install ${missing}`,
      };
    }
    default:
      return { reason: cause instanceof SyntaxError ? `${sentence}${placeOfMistake(url)}` : sentence };
  }
}

/** The error itself does not say where; Node does, when it only checks the file. Empty when the mistake is in another one. */
function placeOfMistake(url: string): string {
  const checking = spawnSync(process.execPath, ['--check', fileURLToPath(url)], {
    encoding: 'utf8',
    env: {},
    timeout: 5_000,
  });
  const place = /^(?:file:\/\/)?(\/.+:\d+)$/m.exec(checking.stderr ?? '')?.[1];
  return place === undefined ? '' : ` (${decodeURI(place)})`;
}

/**
 * What to do about a TypeScript plugin. Node strips types by itself from 22.18 and 23.6 on, with
 * `--experimental-strip-types` from 22.6 on (nodejs.org/api/typescript.html); `features.typescript` is false where it was
 * switched off, and absent before.
 */
export function typescriptAdvice(node: string, features: object): string {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const { typescript } = features as { readonly typescript?: unknown };
  if (typescript === false && (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)))
    return 'start Node without --no-experimental-strip-types, or compile the plugin to JavaScript and name the .js file';
  if (major > 22 || (major === 22 && minor >= 6))
    return 'set NODE_OPTIONS=--experimental-strip-types, or use Node 22.18 or newer, or compile the plugin to JavaScript and name the .js file';
  return 'use Node 22.18 or newer, or compile the plugin to JavaScript (npx tsc) and name the .js file';
}
