/**
 * A folder in which a page of the docs is carried out by a shell, as a reader would do it, against the built Helio. Two
 * things differ from a reader's machine: `npm install` links the packages of this checkout, and what needs a registry to
 * write to is left out.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { cli } from '../../scripts/helio-process.mjs';
import { root } from '../architecture/sources.ts';

export interface Block {
  readonly language: string;
  /** The second word behind the fence: the file that the block is. */
  readonly file: string | undefined;
  readonly text: string;
}

/** The code blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, text]) => ({
    language: language!,
    file,
    text: text!,
  }));
}

export interface Sandbox {
  folder(): string;
  write(file: string, text: string): void;
  read(file: string): string;
  /** Carries out the commands of one block and tells everything that they printed. Rejects when one fails. */
  perform(commands: string): Promise<string>;
  remove(): Promise<void>;
}

export function createSandbox(): Sandbox {
  if (!existsSync(cli)) throw new Error('Helio is not built: run `npm run build` first');
  const outside = mkdtempSync(join(tmpdir(), 'helio-page-'));
  let folder = outside;
  let running: ChildProcess | undefined;

  const withTools = () => ({
    ...process.env,
    PATH: [join(folder, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    NO_COLOR: '1',
  });
  const shell = (script: string): Promise<string> =>
    new Promise((resolve, reject) =>
      execFile('sh', ['-ec', script], { cwd: folder, env: withTools() }, (error, stdout, stderr) =>
        error ? reject(new Error(`${script}\n${stdout}${stderr}`)) : resolve(stdout + stderr),
      ),
    );

  /** `npm install NAMES`, or what package.json asks for. */
  function install(line: string): void {
    const bin = join(folder, 'node_modules/.bin');
    mkdirSync(bin, { recursive: true });
    const named = line.split(' ').filter((word) => !['npm', 'install', '--save-dev'].includes(word));
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const name of named.length > 0 ? named : Object.keys({ ...dependencies, ...devDependencies })) {
      const home = name === '@gethelio/proxy' ? root : join(root, 'node_modules', name);
      mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
      symlinkSync(home, join(folder, 'node_modules', name));
      const { bin: bins = {} } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
      for (const [command, path] of Object.entries<string>(bins)) symlinkSync(join(home, path), join(bin, command));
    }
  }

  /** Until it says that it listens. */
  function start(line: string): Promise<string> {
    // A process group of its own: npx starts Helio as a child of a child.
    const child = spawn('sh', ['-ec', line], { cwd: folder, env: withTools(), detached: true });
    running = child;
    let said = '';
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${line} ended with ${code}: ${said}`)));
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          said += chunk;
          if (said.includes('"listening"')) resolve(said);
        });
    });
  }

  return {
    folder: () => folder,
    write: (file, text) => writeFileSync(join(folder, file), text),
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    async perform(commands) {
      let rest = '';
      for (const line of commands.trim().split('\n')) {
        const [, made, entered] = /^(?:mkdir (\S+) && )?cd (\S+)$/.exec(line) ?? [];
        if (entered !== undefined) {
          rest = rest === '' ? '' : await shell(rest).then(() => '');
          if (made !== undefined) mkdirSync(join(folder, made));
          folder = join(folder, entered);
        } else if (/^npm install\b/.test(line)) {
          rest = rest === '' ? '' : await shell(rest).then(() => '');
          install(line);
        } else if (/^npx helio start$/.test(line)) return start(line);
        else if (line !== 'npm publish') rest += `${line}\n`;
      }
      return rest.trim() === '' ? '' : shell(rest);
    },
    async remove() {
      if (running?.exitCode === null) {
        const ended = new Promise((done) => running!.once('exit', done));
        process.kill(-running.pid!, 'SIGTERM');
        await ended;
      }
      rmSync(outside, { recursive: true, force: true });
    },
  };
}
