/** The kernel's own commands, each in a file of its own; plugins add theirs through the `cliCommand` extension point. */

export interface BuiltinCommand {
  /** One or two words. */
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ run(args: readonly string[]): Promise<number> }>;
}

export const builtin: readonly BuiltinCommand[] = [
  {
    name: 'init',
    summary: 'write helio.yaml and a .env with a fresh secret',
    load: () => import('./commands/init.ts'),
  },
  { name: 'start', summary: 'run the proxy', load: () => import('./commands/start.ts') },
  {
    name: 'stdio',
    summary: 'the stdio door: helio stdio -- COMMAND, for desktop clients',
    load: () => import('./commands/stdio.ts'),
  },
  { name: 'validate', summary: 'check helio.yaml', load: () => import('./commands/validate.ts') },
  {
    name: 'config',
    summary: 'print, schema, path: the effective configuration',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'plugins',
    summary: 'list, info, check, docs, new: the plugins',
    load: () => import('./commands/plugins.ts'),
  },
  {
    name: 'connect',
    summary: 'lead a client (Claude, Cursor, VS Code, Codex, ...) to Helio',
    load: () => import('./commands/connect.ts'),
  },
  { name: 'doctor', summary: 'look for what could be wrong here', load: () => import('./commands/doctor.ts') },
  { name: 'status', summary: 'how the running Helio is doing', load: () => import('./commands/status.ts') },
];

/** Commands of the standard plugins, for `--help` without loading them; a test compares the list with what they contribute. */
export const pluginCommands: readonly (readonly [name: string, summary: string])[] = [
  ['explain', 'what would happen to a call, and why'],
  ['audit', 'query, tail, show, export, verify, prune, stats: the trail'],
  ['export', 'short for audit export'],
  ['approvals', 'list, show, approve, deny, grants, watch: the inbox'],
  ['limits', 'list: what limits have counted'],
  ['budgets', 'list, show, adjust: the pots'],
  ['tools', 'list, diff, accept, check: tool definitions'],
];

export function findCommand(argv: readonly string[]): { command: BuiltinCommand; rest: readonly string[] } | undefined {
  const command = builtin.find(({ name }) => name === argv[0]);
  return command && { command, rest: argv.slice(1) };
}

export function helpText(): string {
  const row = (name: string, summary: string): string => `  ${name.padEnd(11)}${summary}`;
  return [
    'helio - the governance proxy for AI agents',
    '',
    'Usage: helio COMMAND [options]     helio COMMAND --help',
    '',
    ...builtin.map(({ name, summary }) => row(name, summary)),
    ...pluginCommands.map(([name, summary]) => row(name, summary)),
    '',
    'Options of most commands:',
    '  -c, --config FILE   helio.yaml to use (default: ./helio.yaml)',
    '  --json              one JSON object instead of text',
    '  --quiet --verbose --no-color',
    '',
    'Exit codes: 0 ok, 1 failed, 2 usage, 3 config invalid, 4 policy tests failed,',
    '  5 not allowed (explain --exit-code), 6 audit chain broken, 7 proxy',
    '  unreachable or unauthorised, 130 interrupted',
  ].join('\n');
}
