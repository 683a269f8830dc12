/** `helio plugins new`: the same as `npm create helio-plugin`, without a download. */
import { whomToAsk } from '../../../create-helio-plugin/src/ask.ts';
import { run as create } from '../../../create-helio-plugin/src/run.ts';
import { note, out } from '../terminal.ts';

export async function run(args: readonly string[]): Promise<number> {
  return create(args, {
    out,
    note,
    ask: whomToAsk(process, process.env),
    called: 'helio plugins new',
  });
}
