/** Whether the program of a stdio upstream is there to be started, before anybody needs it. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Beside the bare name: what can be started there without a shell. */
const endings = process.platform === 'win32' ? ['.exe', '.com', ''] : [''];

export interface Program {
  /** A path, or a name that is looked up in the PATH of `env`. */
  readonly command: string;
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
}

/** Why it could not be started now, a sentence without a final stop; undefined when nothing speaks against it. */
export function whyNotStartable({ command, env, cwd }: Program): string | undefined {
  // A folder that is not there fails as a program that is not there does: told apart here alone.
  if (!isFolder(cwd)) return `its working folder ${cwd} does not exist`;
  const isPath = isAbsolute(command) || command.includes('/') || command.includes('\\');
  const path = Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? '';
  const folders = isPath ? [''] : path.split(delimiter).filter((folder) => folder !== '');
  const candidates = folders.flatMap((folder) => endings.map((ending) => join(folder, command + ending)));
  if (candidates.some(isProgram)) return undefined;
  return `the program ${command} was not found${isPath ? '' : ' in PATH'}`;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
