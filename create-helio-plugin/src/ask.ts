/** At most three questions, to a person at a terminal only. */
import { createInterface } from 'node:readline/promises';
import { isRunByAgent } from './agent.ts';
import { kinds } from './kinds.ts';

export interface Questions {
  /** Undefined: cancelled. */
  name(): Promise<string | undefined>;
  kind(): Promise<string | undefined>;
  install(): Promise<boolean | undefined>;
  close(): void;
}

/** Where questions go to; undefined when nobody would answer. */
export function whomToAsk(
  { stdin, stderr }: Pick<NodeJS.Process, 'stdin' | 'stderr'>,
  env: { readonly [name: string]: string | undefined },
): { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream } | undefined {
  if (!stdin.isTTY || !stderr.isTTY || isRunByAgent(env)) return undefined;
  return { input: stdin, output: stderr };
}

export function openQuestions(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Questions {
  const lines = createInterface({ input, output });
  const cancelled = new AbortController();
  lines.once('close', () => cancelled.abort());
  lines.once('SIGINT', () => cancelled.abort());
  const ask = async (question: string): Promise<string | undefined> => {
    try {
      return (await lines.question(question, { signal: cancelled.signal })).trim();
    } catch {
      return undefined;
    }
  };
  return {
    name: () => ask('Name of the plugin (quiet-hours): '),
    async kind() {
      output.write(
        `${kinds.map(({ name, summary }, index) => `  ${index + 1}  ${name.padEnd(18)}${summary}`).join('\n')}\n`,
      );
      const answer = await ask('What is it to do? (1-8, or the word): ');
      if (answer === undefined) return undefined;
      return kinds[Number(answer) - 1]?.name ?? answer;
    },
    async install() {
      const answer = await ask('Install the dependencies now? (Y/n): ');
      return answer === undefined ? undefined : !/^n/i.test(answer);
    },
    close: () => lines.close(),
  };
}
