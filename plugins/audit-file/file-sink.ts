/** One NDJSON file that is put aside when it is large. Complete lines only, every row once, also after a crash. */
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditRow, AuditSink } from '@gethelio/proxy/contracts/audit';

export interface FileSinkOptions {
  readonly name: string;
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly from: 'first' | 'next';
  readonly fsync: boolean;
}

/** Enough to hold the last line: the largest row is bounded by the body limit and `audit.max_response_bytes`. */
const tailBytes = 64 * 1024;

export function createFileSink({ name, path, maxBytes, maxFiles, from, fsync }: FileSinkOptions): AuditSink {
  let file: FileHandle | undefined;
  let size = 0;
  /** The last row in the file. */
  let last: { readonly seq: number; readonly hash: string } | undefined;

  async function openFile(): Promise<FileHandle> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, 'a+', 0o600);
    size = (await handle.stat()).size;
    const end = await endOf(handle, size);
    if (end.bytes < size) await handle.truncate(end.bytes); // a line that a crash left unfinished: its row comes again
    size = end.bytes;
    last ??= end.row ?? (await lastOf(`${path}.1`)); // it may just have been put aside
    return handle;
  }

  async function rotate(): Promise<void> {
    await file?.close();
    file = undefined;
    await rm(`${path}.${maxFiles - 1}`, { force: true });
    for (let number = maxFiles - 2; number >= 1; number -= 1)
      await renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
    if (maxFiles > 1) await renameIfThere(path, `${path}.1`);
    else await rm(path, { force: true });
    file = await openFile();
  }

  return {
    name,
    from,
    async open() {
      file ??= await openFile();
    },
    async write(rows) {
      file ??= await openFile();
      // The place in the trail moves after the write: after a crash the last rows come again. By hash, not by number
      // alone: the file may hold the rows of a trail that is gone.
      const fresh = rows.slice(1 + rows.findIndex(({ seq, hash }) => seq === last?.seq && hash === last.hash));
      let lines = '';
      for (const row of fresh) {
        lines += `${JSON.stringify(row)}\n`;
        if (size + Buffer.byteLength(lines) < maxBytes) continue;
        await append(lines, row);
        lines = '';
        await rotate();
      }
      if (lines !== '') await append(lines, fresh.at(-1)!);
    },
    async close() {
      await file?.close();
      file = undefined;
    },
  };

  async function append(lines: string, { seq, hash }: AuditRow): Promise<void> {
    try {
      await file!.appendFile(lines);
      if (fsync) await file!.datasync();
    } catch (error) {
      await file!.close().catch(() => {});
      file = undefined; // opened again, and mended, at the next try
      throw error;
    }
    size += Buffer.byteLength(lines);
    last = { seq, hash };
  }
}

interface End {
  readonly bytes: number;
  readonly row: { readonly seq: number; readonly hash: string } | undefined;
}

/** The end of the last complete line, and the row in it. */
async function endOf(file: FileHandle, size: number): Promise<End> {
  for (let wanted = Math.min(size, tailBytes); ; wanted = Math.min(size, wanted * 4)) {
    const bytes = Buffer.alloc(wanted);
    await file.read(bytes, 0, wanted, size - wanted);
    const end = bytes.lastIndexOf(0x0a);
    const begin = end <= 0 ? -1 : bytes.lastIndexOf(0x0a, end - 1);
    if (end >= 0 && (begin >= 0 || wanted === size))
      return { bytes: size - wanted + end + 1, row: rowOf(bytes.toString('utf8', begin + 1, end)) };
    if (wanted === size) return { bytes: 0, row: undefined };
  }
}

async function lastOf(path: string): Promise<End['row']> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  try {
    return file && (await endOf(file, (await file.stat()).size)).row;
  } finally {
    await file?.close();
  }
}

function rowOf(line: string): End['row'] {
  try {
    const { seq, hash } = JSON.parse(line) as Partial<AuditRow>;
    return typeof seq === 'number' && typeof hash === 'string' ? { seq, hash } : undefined;
  } catch {
    return undefined;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
