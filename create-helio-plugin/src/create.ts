/** Writes a new plugin: the shared files, those of its kind, one name replaced. All or nothing. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kind } from './kinds.ts';
import { renamed, type Names } from './names.ts';
import { withPanel } from './panel.ts';
import { rangeOf } from './versions.ts';

export interface Content {
  readonly kind: Kind;
  readonly names: Names;
  readonly description: string;
  /** A card on the dashboard besides. */
  readonly panel: boolean;
}
export interface Wanted extends Content {
  readonly folder: string;
  /** Write into a folder that is not empty. */
  readonly force: boolean;
}

/** A refusal that a person can act on (exit 1). */
export class NotCreated extends Error {}

/** The same place from the sources, from Helio's build and from this package: beside the code's folder. */
export const templatesFolder = fileURLToPath(new URL('../templates/', import.meta.url));

/** The files of a new plugin, by relative path. Reads only. */
export async function filesOf({ kind, names, description, panel }: Content): Promise<ReadonlyMap<string, string>> {
  const own = await read(['shared', kind.name]);
  const files = panel ? new Map([...withPanel(own), ...(await read(['panel']))]) : own;
  return new Map(
    [...files]
      .map(([path, template]): [string, string] => {
        const text = renamed(template, names);
        return [path, path === 'package.json' ? packageJson(text, description, files) : text];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Templates as they lie there, by the paths that they get. */
async function read(folders: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    const root = join(templatesFolder, folder);
    for (const path of await pathsBelow(root))
      files.set(path.split(sep).map(unhidden).join('/'), readFileSync(join(root, path), 'utf8'));
  }
  return files;
}

/** Writes the plugin and tells the paths. Throws NotCreated, and then nothing was written. */
export async function createPlugin(wanted: Wanted): Promise<readonly string[]> {
  const folder = resolve(wanted.folder);
  const isThere = existsSync(folder);
  if (isThere && !wanted.force && (await readdir(folder)).length > 0)
    throw new NotCreated(`the folder ${wanted.folder} is not empty; name another one, or add --force`);
  const files = await filesOf(wanted);
  await mkdir(dirname(folder), { recursive: true });
  // Beside the target: a rename must not cross file systems.
  const draft = join(dirname(folder), `.${wanted.names.kebab}-${randomUUID()}`);
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await writeFile(join(draft, path), text);
    }
    if (isThere && (await readdir(folder)).length > 0) await cp(draft, folder, { recursive: true });
    else {
      if (isThere) await rmdir(folder);
      await rename(draft, folder);
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return [...files.keys()];
}

function packageJson(text: string, description: string, files: ReadonlyMap<string, string>): string {
  const made = JSON.parse(text) as Record<string, any>;
  made['description'] = description;
  if ([...files.keys()].some((path) => path.startsWith('panel/'))) made['files'] = [...made['files'], 'panel'];
  for (const group of ['dependencies', 'devDependencies', 'peerDependencies']) {
    for (const name of Object.keys(made[group] ?? {})) made[group][name] = rangeOf(name);
  }
  return `${JSON.stringify(made, null, 2)}\n`;
}

/** npm leaves .gitignore out of packages, so templates spell it `_gitignore`. */
const unhidden = (name: string): string => (name === '_gitignore' ? '.gitignore' : name);

async function pathsBelow(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
