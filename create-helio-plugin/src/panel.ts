/** `--dashboard-panel`: what the files of a plugin of another kind say besides, when they get those of templates/panel. */

/** What the card needs: `dashboard` shows it, `audit` tells it of new calls. */
const shownBy = ['audit', 'dashboard'];

/** The plugin's own files, with the panel named in them. Throws when one of them has no place for it. */
export function withPanel(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const changed = new Map(files);
  for (const [path, change] of Object.entries(changes)) {
    const before = changed.get(path) ?? '';
    const after = change(before);
    if (after === before) throw new Error(`${path} of the template has no place for a panel`);
    changed.set(path, after);
  }
  return changed;
}

const changes: { readonly [path: string]: (text: string) => string } = {
  'src/index.ts': (text) => {
    const lines = text.split('\n');
    const lastImport = lines.findLastIndex((line) => line.startsWith('import '));
    const register = lines.findIndex((line) => line.startsWith('  register('));
    const taken = /^ {2}register\((\{.*\})\) \{$/.exec(lines[register] ?? '')?.[1];
    if (lastImport < 0 || taken === undefined) return text;
    lines.splice(register, 1, '  register(api) {', `    const ${taken} = api;`, '    addPanel(api);');
    lines.splice(lastImport + 1, 0, "import { addPanel } from './panel.ts';");
    return lines.join('\n');
  },
  'helio.yaml': (text) => {
    const listed = text.replace(/^plugins: \[(.*), (\{ use: .*\})\]$/m, (_line, names: string, own: string) => {
      const all = [...names.split(', '), ...shownBy.filter((name) => !names.split(', ').includes(name))];
      return `plugins: [${all.join(', ')}, ${own}]`;
    });
    return /^dashboard:/m.test(listed) ? listed : `${listed.trimEnd()}\ndashboard: { port: 3100 }\n`;
  },
  'README.md': (text) => {
    const missing = shownBy.filter((name) => !text.includes(`\n  - ${name}\n`));
    return text
      .replace(/^ {2}- use: /m, `${missing.map((name) => `  - ${name}\n`).join('')}  - use: `)
      .replace(/^## Configuration$/m, "It has a card on the dashboard's first page.\n\n## Configuration");
  },
};
