/** `helio explain`: the decision on a made-up call and every rule that was tried. Nothing is forwarded or counted. */
import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { wrapLine, type CliCommand, type CliInput, type Json, type KernelApi } from '@gethelio/proxy/plugin';
import { explainCall, type ExplainAnswer, type ExplainQuestion } from './explain.ts';

/** Exit codes of the command line (`helio --help`). */
const notAllowed = 5;
const usage = 2;

export function explainCommand(kernel: KernelApi): CliCommand {
  return {
    name: 'explain',
    summary: 'what would happen to a call, and why',
    arguments: [{ name: 'tool', description: 'the tool, prompt or resource URI', required: true }],
    options: [
      { flags: '--args <json>', description: 'the arguments: JSON, @FILE, or - for standard input' },
      { flags: '--kind <kind>', description: 'tool (default), resource or prompt' },
      { flags: '--agent <id>', description: 'as this agent' },
      { flags: '--session <id>', description: 'in this session' },
      { flags: '--upstream <name>', description: 'at this upstream' },
      { flags: '--now <time>', description: 'at this time, ISO 8601' },
      { flags: '--exit-code', description: 'exit with 5 unless the call would be allowed' },
    ],
    async run(input) {
      const question = await questionOf(input);
      if (typeof question === 'string') {
        input.note(question);
        return usage;
      }
      const { answer, live } = await answerOf(question, input, kernel);
      if (input.json) input.out(JSON.stringify(answer));
      else input.out(answerText(answer, live, input.columns));
      return input.options['exitCode'] === true && answer.decision.effect !== 'allow' ? notAllowed : 0;
    },
  };
}

/** The running Helio knows what was counted so far; without one the files do. */
async function answerOf(question: ExplainQuestion, input: CliInput, kernel: KernelApi) {
  try {
    return {
      answer: (await input.ask('POST', '/api/explain', question as unknown as Json)) as unknown as ExplainAnswer,
      live: true,
    };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== 'HELIO_CLI_UNREACHABLE' && code !== 'HELIO_CLI_UNAUTHORISED') throw error;
  }
  await input.openStores();
  return { answer: await explainCall(kernel, question), live: false };
}

/** A sentence when the options cannot be used. */
async function questionOf({ args, options }: CliInput): Promise<ExplainQuestion | string> {
  const option = (name: string) => (typeof options[name] === 'string' ? (options[name] as string) : undefined);
  const kind = option('kind');
  if (kind !== undefined && !['tool', 'resource', 'prompt'].includes(kind))
    return `--kind is tool, resource or prompt, not "${kind}"`;
  const now = option('now');
  if (now !== undefined && Number.isNaN(Date.parse(now)))
    return `--now is a time such as 2026-03-02T09:00:00Z, not "${now}"`;
  const argumentsText = await readArguments(option('args'));
  if (argumentsText !== undefined && !isObjectText(argumentsText))
    return '--args is a JSON object such as \'{"amount": 5}\', @FILE, or -';
  return {
    tool: args[0]!,
    ...(kind !== undefined && { kind: kind as 'tool' }),
    ...(argumentsText !== undefined && { argumentsText }),
    ...(option('agent') !== undefined && { agent: option('agent')! }),
    ...(option('session') !== undefined && { session: option('session')! }),
    ...(option('upstream') !== undefined && { upstream: option('upstream')! }),
    ...(now !== undefined && { nowMs: Date.parse(now) }),
  };
}

async function readArguments(given: string | undefined): Promise<string | undefined> {
  if (given === '-') return readAll(process.stdin);
  return given?.startsWith('@') ? readFile(given.slice(1), 'utf8') : given;
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const continuation = 11;
const words = { allow: 'ALLOWED', hold: 'HELD FOR APPROVAL', simulate: 'DRY RUN ONLY', deny: 'DENIED' } as const;

/** The answer for people. */
export function answerText(
  { tool, decision, trace, withoutUpstream }: ExplainAnswer,
  live: boolean,
  columns = Infinity,
): string {
  const lines = [`${tool}: ${words[decision.effect]}`];
  if (!live) lines.push('(no running Helio was asked: judged by the files under .helio/)');
  if (withoutUpstream) lines.push("(the upstream was not reached: judged with MCP's default annotations)");
  lines.push('', 'Verdicts, strictest first');
  for (const { effect, plugin, code, reason, rule, shadow } of decision.verdicts)
    lines.push(
      `  ${effect.padEnd(8)} ${`${plugin}/${code}`.padEnd(28)} ${reason}${rule ? ` (line ${rule.line})` : ''}${shadow ? ' [shadow]' : ''}`,
    );
  if (trace) lines.push(...traceText(trace));
  // What follows a break stands under the text, further in than any line begins.
  return lines.flatMap((line) => wrapLine(inert(line), columns, continuation)).join('\n');
}

function traceText(trace: NonNullable<ExplainAnswer['trace']>): readonly string[] {
  const lines = ['', `Rules tried: ${trace.tried.length} of ${trace.rules}; the others are about other names`];
  for (const { rule, line, result, says, why, mode, ended } of trace.tried) {
    const marks = [mode === 'shadow' ? 'shadow' : '', says ? `says ${says}` : '', ended ? 'ends the list' : ''].filter(
      Boolean,
    );
    lines.push(`  ${result === 'not matched' ? '-' : '+'} ${rule} (line ${line}): ${[result, ...marks].join(', ')}`);
    lines.push(...why.map((reason) => `      ${reason}`));
  }
  if (trace.notTried.length > 0) lines.push(`  not tried any more: ${trace.notTried.join(', ')}`);
  if (trace.change)
    lines.push('', `Smallest change: ${trace.change.sentence}; these rules would then say ${trace.change.effect}`);
  return lines;
}

/** Names and arguments come from agents: they must not steer the terminal. */
function inert(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
