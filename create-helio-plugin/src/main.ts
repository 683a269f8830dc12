#!/usr/bin/env node
/** `npm create helio-plugin`: the command on a terminal of its own. */
import { whomToAsk } from './ask.ts';
import { run } from './run.ts';

const line = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(`${text}\n`);
process.exitCode = await run(process.argv.slice(2), {
  out: line(process.stdout),
  note: line(process.stderr),
  ask: whomToAsk(process, process.env),
  called: 'npm create helio-plugin@latest',
});
