/** The one identifier that a template replaces, in the three ways it is spelled. */

export interface Names {
  /** `quiet-hours`: the plugin, its folder, its section. */
  readonly kebab: string;
  /** `quietHours`: the value. */
  readonly camel: string;
  /** `quiet_hours`: keys of helio.yaml. */
  readonly snake: string;
  /** `helio-plugin-quiet-hours`, with the scope in front where there is one. */
  readonly package: string;
}

/** Undefined when no plugin can be called so. A `helio-plugin-` in front is the package's, not the plugin's. */
export function namesOf(written: string, scope?: string): Names | undefined {
  const kebab = written
    .replace(/^.*[\\/]/, '')
    .replace(/^helio-plugin-/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[_\s.]+/g, '-')
    .toLowerCase();
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kebab)) return undefined;
  if (scope !== undefined && !/^@[a-z0-9][a-z0-9._-]*$/.test(scope)) return undefined;
  return {
    kebab,
    camel: kebab.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    snake: kebab.replaceAll('-', '_'),
    package: `${scope === undefined ? '' : `${scope}/`}helio-plugin-${kebab}`,
  };
}

/** A template's text with the plugin's own name in it. */
export function renamed(text: string, names: Names): string {
  return text
    .replaceAll('helio-plugin-my-plugin', names.package)
    .replaceAll('my-plugin', names.kebab)
    .replaceAll('myPlugin', names.camel)
    .replaceAll('my_plugin', names.snake);
}
