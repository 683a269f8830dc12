/** Keys of the whole dashboard. A page adds its own while it is shown; nothing happens while somebody types. */
import { preferences } from './preferences.ts';

export interface Key {
  /** `?`, `g a`, `j`, `Enter`, `Escape`, `Mod+k`. */
  readonly keys: string;
  readonly does: string;
  run(event: KeyboardEvent): void;
}

const sets = new Set<readonly Key[]>();
let prefix = '';
let prefixTimer: ReturnType<typeof setTimeout> | undefined;
const prefixMs = 1_200;

/** Adds keys; returns how to take them out. Later sets win. */
export function addKeys(keys: readonly Key[]): () => void {
  sets.add(keys);
  return () => sets.delete(keys);
}

export function allKeys(): readonly Key[] {
  return [...sets].flat();
}

function typing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Enter and Space belong to the control that has the focus. */
function pressing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && ['BUTTON', 'A', 'SUMMARY'].includes(target.tagName);
}

export function startKeyboard(): void {
  addEventListener('keydown', (event) => {
    const modified = event.ctrlKey || event.metaKey;
    const name = modified ? `Mod+${event.key.toLowerCase()}` : event.key === ' ' ? 'Space' : event.key;
    if (event.altKey || event.isComposing) return;
    if (!modified && name !== 'Escape') {
      if (typing(event)) return;
      if ((name === 'Enter' || name === 'Space') && pressing(event)) return;
      if (name.length === 1 && !preferences().keys) return;
    }
    const full = prefix === '' ? name : `${prefix} ${name}`;
    clearTimeout(prefixTimer);
    prefix = '';
    const key = [...sets].reverse().flatMap((set) => set.filter(({ keys }) => keys === full))[0];
    if (key !== undefined) {
      event.preventDefault();
      key.run(event);
    } else if (allKeys().some(({ keys }) => keys.startsWith(`${full} `))) {
      prefix = full;
      prefixTimer = setTimeout(() => (prefix = ''), prefixMs);
    }
  });
}
