/** The command itself, for `npm create helio-plugin` and for `helio plugins new`: words in, exit code out. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openQuestions } from './ask.ts';
import { createPlugin, filesOf, NotCreated } from './create.ts';
import { kinds, nearestKind, type Kind } from './kinds.ts';
import { namesOf, type Names } from './names.ts';

export interface Terminal {
  /** Standard output: the result. */
  out(text: string): void;
  /** Standard error: everything else. */
  note(text: string): void;
  /** Undefined: nobody can be asked. */
  readonly ask: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream } | undefined;
  /** How the command was called, for the one-line form: `npm create helio-plugin@latest`. */
  readonly called: string;
}

const exit = { done: 0, refused: 1, usage: 2, cancelled: 130 } as const;
const packageManagers = ['npm', 'pnpm', 'yarn'];

interface Answers {
  readonly folder: string;
  readonly names: Names;
  readonly kind: Kind;
  readonly panel: boolean;
  readonly install: boolean;
}
class Stop extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const json = words.includes('--json');
  try {
    return await create(words, terminal);
  } catch (error) {
    if (!(error instanceof Stop) && !(error instanceof NotCreated)) throw error;
    if (json) terminal.out(JSON.stringify({ error: { message: error.message } }));
    else if (error.message !== '') terminal.note(error.message);
    return error instanceof Stop ? error.code : exit.refused;
  }
}

async function create(words: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parse(words);
  if (values.help) return (terminal.out(helpText(terminal.called)), exit.done);
  if (positionals.length > 1)
    throw new Stop(exit.usage, `one folder, not ${positionals.length}: ${positionals.join(' ')}`);
  const pm = values.pm ?? 'npm';
  if (!packageManagers.includes(pm)) throw new Stop(exit.usage, `--pm is ${packageManagers.join(', ')}, not "${pm}"`);
  const { folder, names, kind, panel, install } = await answer(values, positionals[0], terminal);
  const description = values.description ?? `A plugin for Helio that ${kind.summary.split(':')[0]}.`;

  const folderShown = folder;
  if (values.print) {
    const files = [...(await filesOf({ kind, names, description, panel })).keys()];
    terminal.out(values.json ? JSON.stringify({ folder: resolve(folder), files, written: false }) : files.join('\n'));
    return exit.done;
  }
  const files = await createPlugin({ folder, kind, names, description, panel, force: values.force === true });
  const installed = install && runsWell(pm, ['install'], folder);
  if (install && !installed) terminal.note(`"${pm} install" failed; run it again in ${folderShown}`);
  if (values.git && !runsWell('git', ['init', '--quiet'], folder)) terminal.note('"git init" failed');
  if (values.json) {
    const made = {
      folder: resolve(folder),
      name: names.kebab,
      package: names.package,
      kind: kind.name,
      panel,
      files,
      installed,
    };
    terminal.out(JSON.stringify({ ...made, written: true }));
  } else terminal.out(lastLines(folderShown, pm, installed));
  return install && !installed ? exit.refused : exit.done;
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      allowNegative: true,
      options: {
        kind: { type: 'string' },
        scope: { type: 'string' },
        description: { type: 'string' },
        'dashboard-panel': { type: 'boolean' },
        pm: { type: 'string' },
        install: { type: 'boolean' },
        git: { type: 'boolean' },
        yes: { type: 'boolean' },
        force: { type: 'boolean' },
        print: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Stop(exit.usage, (error as Error).message.split('\n')[0]!);
  }
}

type Values = ReturnType<typeof parse>['values'];

async function answer(values: Values, folder: string | undefined, terminal: Terminal): Promise<Answers> {
  const questions =
    values.yes || values.json || terminal.ask === undefined
      ? undefined
      : openQuestions(terminal.ask.input, terminal.ask.output);
  try {
    const where = folder ?? (await asked(questions?.name(), questions));
    if (where === undefined || where === '') throw new Stop(exit.usage, `name the plugin: ${oneLine(terminal)}`);
    const names = namesOf(where, values.scope);
    if (names === undefined)
      throw new Stop(
        exit.refused,
        `"${values.scope ? `${values.scope}/` : ''}${where}" cannot be the name of a plugin: write small letters, digits and hyphens, as in quiet-hours`,
      );
    const word = values.kind ?? (await asked(questions?.kind(), questions));
    if (word === undefined || word === '')
      throw new Stop(exit.usage, `say what it is to do:\n${kindLines()}\nin one line: ${oneLine(terminal)}`);
    const kind = kinds.find(({ name }) => name === word);
    if (kind === undefined)
      throw new Stop(exit.refused, `there is no kind "${word}"; did you mean "${nearestKind(word)}"?\n${kindLines()}`);
    const panel = values['dashboard-panel'] === true;
    if (panel && kind.name === 'dashboard-panel')
      throw new Stop(exit.usage, 'a dashboard-panel is a panel already: leave out --dashboard-panel');
    const install =
      values.install ?? (values.print ? false : ((await asked(questions?.install(), questions)) ?? false));
    return { folder: where, names, kind, panel, install };
  } finally {
    questions?.close();
  }
}

/** An answer; nobody to ask: undefined; no answer given: cancelled. */
async function asked<T>(
  question: Promise<T | undefined> | undefined,
  questions: object | undefined,
): Promise<T | undefined> {
  const said = await question;
  if (questions !== undefined && said === undefined) throw new Stop(exit.cancelled, 'cancelled; nothing was written');
  return said;
}

function runsWell(command: string, args: readonly string[], cwd: string): boolean {
  // stdout is for the result, so what these print goes to stderr.
  return spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' }).status === 0;
}

const oneLine = ({ called }: Terminal): string =>
  `${called} quiet-hours ${called.startsWith('npm ') ? '-- ' : ''}--kind verdict --yes --no-install`;
const kindLines = (): string => kinds.map(({ name, summary }) => `  ${name.padEnd(18)}${summary}`).join('\n');

function lastLines(folder: string, pm: string, installed: boolean): string {
  const commands = [
    `cd ${folder}`,
    ...(installed ? [] : [`${pm} install`]),
    `${pm} test`,
    ...(installed ? [`${pm} run dev`] : []),
  ];
  return [
    '',
    ...commands.map((line) => `  ${line}`),
    '',
    `The file to edit is ${folder.replace(/\/$/, '')}/src/index.ts`,
  ].join('\n');
}

function helpText(called: string): string {
  const dashes = called.startsWith('npm ') ? '-- ' : '';
  return `Usage: ${called} [FOLDER] ${dashes}[options]

${kindLines()}

  --kind KIND          what it is to do
  --scope @NAME        publish it under a scope
  --description TEXT   for package.json
  --dashboard-panel    with a card on the dashboard, whatever it does
  --pm PM              npm (default), pnpm or yarn
  --install            install the dependencies; --no-install: do not
  --git                make it a git repository
  --yes                ask nothing
  --force              write into a folder that is not empty
  --print              list the files, write nothing
  --json               one JSON object

Exit codes: 0 done, 1 refused, 2 usage, 130 cancelled`;
}
