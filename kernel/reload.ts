/** Watches helio.yaml by its folder: editors rename files, Kubernetes swaps a symlink - a watched file would go blind. */
import { watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from './plugin.ts';

const settleMs = 150; // editors write in several steps; a half-written file is read again at its next change

/** Calls `changed` shortly after anything in the folder changed; the content hash decides whether that means anything. */
export function watchConfig(path: string, log: Log, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, settleMs);
  };
  const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
    if (name?.startsWith('.helio')) return; // our own state lives in this folder
    soon();
  });
  watcher.on('error', (cause) =>
    log.warn('helio.yaml is no longer watched; send SIGHUP to reload', { reason: String(cause) }),
  );
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

/** SIGHUP reloads whether or not the file is watched: without a listener it would end the process. */
export function onHangup(changed: () => void): () => void {
  process.on('SIGHUP', changed);
  return () => void process.off('SIGHUP', changed);
}
