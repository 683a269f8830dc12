/** `helio plugins new`: the same as `npm create helio-plugin`, without a download. */
import { run as create } from '../../../create-helio-plugin/src/run.ts';
import { note, out } from '../terminal.ts';

export async function run(args: readonly string[]): Promise<number> {
  const { stdin, stderr } = process;
  return create(args, {
    out,
    note,
    ...(stdin.isTTY && stderr.isTTY && { ask: { input: stdin, output: stderr } }),
    called: 'helio plugins new',
  });
}
