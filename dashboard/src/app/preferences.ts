/** What this browser remembers of its viewer: theme, density, time zone, keys, notifications. */

export interface Preferences {
  readonly theme: 'auto' | 'light' | 'dark';
  readonly density: 'dense' | 'roomy';
  readonly zone: 'local' | 'utc';
  /** Single-letter keys (WCAG 2.1.4 asks that they can be switched off). */
  readonly keys: boolean;
  readonly notify: boolean;
}
const standard: Preferences = { theme: 'auto', density: 'dense', zone: 'local', keys: true, notify: false };
const place = 'helio.preferences';

let current: Preferences = read();
const listeners = new Set<() => void>();

function read(): Preferences {
  try {
    return { ...standard, ...(JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Preferences>) };
  } catch {
    return standard; // storage switched off, or another program's text there
  }
}

export function preferences(): Preferences {
  return current;
}

export function setPreferences(part: Partial<Preferences>): void {
  current = { ...current, ...part };
  try {
    localStorage.setItem(place, JSON.stringify(current));
  } catch {
    // storage switched off: it holds until the page is left
  }
  applyPreferences();
  listeners.forEach((listener) => listener());
}

export function applyPreferences(): void {
  const root = document.documentElement;
  if (current.theme === 'auto') delete root.dataset['theme'];
  else root.dataset['theme'] = current.theme;
  root.dataset['density'] = current.density;
}

/** The theme that is seen now. */
export function seenTheme(): 'light' | 'dark' {
  if (current.theme !== 'auto') return current.theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function onPreferences(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
