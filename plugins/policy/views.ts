/** Rules as written, for pages and commands. */
import type { ConfigPath, Place } from '@gethelio/proxy/plugin';
import { stringify } from 'yaml';
import type { RuleView } from './contract.ts';
import { lintPolicy } from './lint.ts';
import type { CompiledPolicy } from './policy.ts';

/** `text` is helio.yaml's; a rule's source is cut out of it, so that its line numbers are the file's. */
export function viewsOf(
  policy: CompiledPolicy,
  section: ConfigPath,
  text: () => string,
  locate: (path: ConfigPath) => Place | undefined,
): readonly RuleView[] {
  const warnings = lintPolicy(policy, section);
  let lines: readonly string[] | undefined;
  return policy.rules.map(({ view, written }) => ({
    name: view.name,
    line: view.line,
    action: view.action,
    mode: view.mode,
    tags: view.tags,
    // Read on demand: while a generation is checked (approvals asks for actions then) its text is not the current one yet.
    get source() {
      lines ??= text().split(/\r\n|\r|\n/);
      return (
        sourceAt(lines, locate([...section, 'rules', view.index]), locate([...section, 'rules', view.index + 1])) ??
        stringify(written, { lineWidth: 100, singleQuote: true }).trimEnd()
      );
    },
    warnings: warnings.filter(({ path }) => path[section.length + 1] === view.index).map(({ message }) => message),
  }));
}

/** From the rule's first line to the next rule, or to the first line that is indented less. */
function sourceAt(lines: readonly string[], place: Place | undefined, next: Place | undefined): string | undefined {
  if (!place || place.line > lines.length) return undefined;
  const from = place.line - 1;
  let until = next && next.line - 1 > from ? next.line - 1 : lines.length;
  for (let i = from + 1; i < until; i++) {
    const line = lines[i]!;
    if (line.trim() !== '' && line.search(/\S/) < place.column - 1 && !/^\s*[\]}]/.test(line)) until = i;
  }
  const own = lines.slice(from, until);
  while (own.length > 1 && /^\s*(#.*)?$/.test(own.at(-1)!)) own.pop();
  return own.join('\n');
}
