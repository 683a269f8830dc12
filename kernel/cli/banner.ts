/** What `helio start` says when it stands: aligned lines on a terminal, one JSON line elsewhere. */
import type { Generation } from '../generation.ts';
import type { BannerLine } from '../plugin.ts';
import { banner } from '../refs.ts';
import type { Proxy } from '../proxy.ts';

export interface Banner {
  readonly mcp: string;
  readonly dashboard: string | undefined;
  readonly sideband: string | undefined;
  readonly lines: readonly { readonly label: string; readonly text: string }[];
  /** Texts for stderr. */
  readonly asides: readonly string[];
  /** What is to be known off a terminal too. */
  readonly notes: readonly string[];
}

/** The notes of a config, whether it runs or not. */
export function notesOf({ extensions }: Pick<Generation, 'extensions'>): readonly string[] {
  return contributedTo(extensions).flatMap(({ text, to }) => (to === 'everywhere' ? [text] : []));
}

function contributedTo(extensions: Generation['extensions']) {
  return [...extensions.collect<BannerLine>(banner)]
    .sort((a, b) => a.order - b.order)
    .flatMap(({ label, text, to }) => {
      const said = text();
      return said === undefined ? [] : [{ label, text: said, to }];
    });
}

export function bannerOf(proxy: Proxy): Banner {
  const generation = proxy.generation();
  const contributed = contributedTo(generation.extensions);
  const upstreams = proxy.kernel.upstreams().map(({ name, transport }) => `${name} (${transport})`);
  const mcp = proxy.doors.url() ?? '';
  const missing = generation.journal === undefined ? [{ label: 'audit', text: 'off: nothing is recorded' }] : [];
  return {
    mcp,
    dashboard: proxy.listeners.url('dashboard'),
    sideband: proxy.listeners.url('sideband'),
    lines: [
      { label: 'agents', text: mcp },
      { label: 'upstream', text: upstreams.join(', ') || 'none' },
      ...contributed.filter(({ to }) => to !== 'stderr'),
      ...missing,
      { label: 'plugins', text: `${generation.plugins.length} loaded` },
    ],
    asides: contributed.flatMap(({ text, to }) => (to === 'stderr' ? [text] : [])),
    notes: [...notesOf(generation), ...missing.map(({ label, text }) => `${label} ${text}`)],
  };
}

export function formatBanner({ lines }: Banner, version: string): string {
  const width = Math.max(...lines.map(({ label }) => label.length)) + 2;
  return [`Helio ${version}`, '', ...lines.map(({ label, text }) => `  ${label.padEnd(width)}${text}`), ''].join('\n');
}
