/** What falls outside of every call: a promise that nobody awaits, a throw in a timer. One plugin's must not end the others. */
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Registration } from '../api.ts';
import { noteFailure } from '../health.ts';
import type { Log } from '../plugin.ts';

const ownRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * A rejection is logged, whoever it belongs to: it lets nothing through. So is a throw that a plugin's own code made; any
 * other leaves Helio in a state that nobody knows, and ends it with code 1: what was asked is on disk.
 */
export function catchStrayErrors(plugins: () => readonly Registration[], log: Log): void {
  const tell = (what: string, cause: unknown): Registration | undefined => {
    const owner = ownerOf(cause, plugins());
    const name = owner?.plugin.definition.name;
    const sentence = name === undefined ? what : `plugin "${name}": ${what}`;
    if (owner !== undefined) noteFailure(owner.health, sentence);
    const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    log.error(sentence, { ...(name !== undefined && { plugin: name }), cause: stack });
    return owner;
  };
  process.on('unhandledRejection', (cause) => void tell('a promise was rejected and nobody awaited it', cause));
  process.on('uncaughtException', (cause) => {
    if (tell('something was thrown outside of every call', cause) !== undefined) return;
    log.error('Helio ends: an error of its own was caught nowhere');
    process.exit(1);
  });
}

/** The plugin of another author in whose files a frame of the stack lies. */
export function ownerOf(cause: unknown, plugins: readonly Registration[]): Registration | undefined {
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const files = [...stack.matchAll(/\(?(file:\/\/[^\s)]+|\/[^\s)]+):\d+:\d+\)?$/gm)].map(([, place]) => pathOf(place!));
  const foreign = plugins
    .filter(({ plugin }) => plugin.folder !== undefined)
    .sort((a, b) => b.plugin.folder!.length - a.plugin.folder!.length); // a plugin inside another's folder comes first
  return foreign.find(({ plugin }) => files.some((file) => isIn(plugin.folder!, file) && !isIn(ownRoot, file)));
}

/** Packages that a plugin has installed beside it are not its own files, and neither is Helio itself. */
function isIn(folder: string, file: string): boolean {
  return file.startsWith(folder + sep) && !file.slice(folder.length).includes(`${sep}node_modules${sep}`);
}

function pathOf(place: string): string {
  try {
    return place.startsWith('file:') ? fileURLToPath(place) : place;
  } catch {
    return '';
  }
}
