/** What of a plugin's manifest gives it power, and what of it is new since somebody looked: for `helio plugins check`. */
import type { Manifest } from './manifest.ts';

const powers = ['taps', 'needs', 'wants', 'provides', 'owns', 'network', 'secrets'] as const;

/** What one plugin may do, as it is written down in `helio.plugins.json`. */
export type Accepted = { readonly version: string } & { readonly [P in (typeof powers)[number]]: readonly string[] };
export type AcceptedPlugins = { readonly [plugin: string]: Accepted };

/** Standard plugins come with Helio and are not asked about. */
export function powersOf(manifests: readonly Manifest[]): AcceptedPlugins {
  const foreign = manifests.filter(({ source }) => source !== 'standard');
  return Object.fromEntries(
    foreign.map(({ name, version, taps, needs, wants, provides, owns, reaches }) => [
      name,
      {
        version,
        taps: [...taps].sort(),
        needs: [...needs].sort(),
        wants: [...wants].sort(),
        provides: [...provides].sort(),
        owns: [...owns].sort(),
        network: [...reaches.network].sort(),
        secrets: [...reaches.secrets].sort(),
      },
    ]),
  );
}

export interface Change {
  readonly plugin: string;
  /** It was not there before; else what it newly does: `taps evaluate`, `reads the secret TOKEN`. */
  readonly isNew: boolean;
  readonly more: readonly string[];
}

/** Only what grew: a plugin that does less needs no second look. */
export function grown(before: AcceptedPlugins, now: AcceptedPlugins): readonly Change[] {
  return Object.entries(now).flatMap(([plugin, manifest]) => {
    const accepted = Object.hasOwn(before, plugin) ? before[plugin] : undefined;
    const more = powers.flatMap((power) =>
      manifest[power].filter((one) => accepted?.[power]?.includes(one) !== true).map((one) => `${words[power]} ${one}`),
    );
    return accepted === undefined || more.length > 0 ? [{ plugin, isNew: accepted === undefined, more }] : [];
  });
}

const words: { readonly [P in (typeof powers)[number]]: string } = {
  taps: 'taps',
  needs: 'needs',
  wants: 'wants',
  provides: 'provides',
  owns: 'owns',
  network: 'reaches the network at',
  secrets: 'reads the secret',
};
