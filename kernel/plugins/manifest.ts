/** What a plugin says of itself, as data: what it may tap, need, provide and reach, known before its `register` has run. */
import { sectionOf } from '../generation.ts';
import type { HookName, PluginView } from '../plugin.ts';
import type { ResolvedPlugin } from './resolve.ts';

export type Manifest = Pick<
  PluginView,
  | 'name'
  | 'summary'
  | 'section'
  | 'version'
  | 'source'
  | 'implied'
  | 'needs'
  | 'wants'
  | 'provides'
  | 'owns'
  | 'reaches'
> & { readonly taps: readonly HookName[] };

export function manifestOf({ definition, version, source, implied }: ResolvedPlugin): Manifest {
  const { name, summary = '', taps = [], needs, wants, provides, owns, reaches } = definition;
  const ids = (map: object | undefined) => Object.values(map ?? {}).map((ref) => (ref as { id: string }).id);
  return {
    name,
    summary,
    section: sectionOf(definition),
    version,
    source,
    implied,
    taps,
    needs: ids(needs),
    wants: ids(wants),
    provides: ids(provides),
    owns: ids(owns),
    reaches: { network: reaches?.network ?? [], secrets: reaches?.secrets ?? [] },
  };
}
