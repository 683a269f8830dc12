/** `helio doctor`: looks at everything that commonly goes wrong, and says what to do. */
import { formatPlace } from '../../config/explain.ts';
import { locateProblems } from '../../config/read.ts';
import { exitCodes, isHelioError } from '../../errors.ts';
import { isError } from '../../generation.ts';
import { inspect, type Inspected, type Inspection } from '../../inspect.ts';
import { createLog } from '../../log.ts';
import type { DoctorCheck, DoctorFinding } from '../../plugin.ts';
import { doctorCheck } from '../../refs.ts';
import { readRunFile } from '../../run-file.ts';
import { configPathOf } from '../config-path.ts';
import { bypasses, skew, upstreams } from '../doctor/around.ts';
import { clock, node, ports, sqlite } from '../doctor/machine.ts';
import { out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';
import { within } from '../within.ts';

interface Line extends DoctorFinding {
  readonly check: string;
}

const pluginWaitMs = 10_000;

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command.name('helio doctor').description('Looks for what could be wrong. Exit 1 when something failed.'),
  );
  if (usage === undefined) return exitCodes.ok;
  const lines: Line[] = [];
  const add = (check: string, findings: DoctorFinding | readonly DoctorFinding[]) =>
    lines.push(...[findings].flat().map((finding) => ({ check, ...finding })));

  add('node', node());
  const inspection = await looked(configPathOf(usage), add);
  const inspected = inspection?.inspected;
  try {
    if (inspected !== undefined) await lookInside(inspected, add);
    const { host = '127.0.0.1', port = 3000 } = (inspection?.file.tree['listen'] ?? {}) as {
      host?: string;
      port?: number;
    };
    add(
      'clients',
      await bypasses([`http://${host}:${port}/mcp`, `http://localhost:${port}/mcp`, `http://127.0.0.1:${port}/mcp`]),
    );
  } finally {
    await inspected?.close();
  }
  const failed = lines.filter(({ state }) => state === 'fail').length;
  if (usage.options['json'] === true) out(JSON.stringify({ ok: failed === 0, checks: lines }));
  else out(lines.map(formatLine).join('\n'));
  return failed > 0 ? exitCodes.failure : exitCodes.ok;
}

async function lookInside(
  { file, generation, kernel, stateDir }: Inspected,
  add: (check: string, findings: DoctorFinding | readonly DoctorFinding[]) => void,
): Promise<void> {
  add('plugins', { state: 'ok', text: `${generation.plugins.length} plugins are loaded` });
  add('store', sqlite(stateDir));
  add('clock', [await clock(stateDir), ...(await skew(file.tree))]);
  add('ports', await ports(file.tree, await readRunFile(stateDir)));
  add('upstream', await upstreams(kernel));
  for (const { name, run: look } of generation.extensions.collect<DoctorCheck>(doctorCheck)) {
    const signal = AbortSignal.timeout(pluginWaitMs);
    try {
      const found = await within(pluginWaitMs, Promise.resolve(look(signal)));
      add(name, found ?? { state: 'fail', text: `no answer in ${pluginWaitMs / 1000} s` });
    } catch (error) {
      add(name, { state: 'fail', text: String((error as Error).message).split('\n')[0]! });
    }
  }
}

/** What is wrong with helio.yaml and its plugins; the rest needs one that loads. */
async function looked(
  path: string,
  add: (check: string, findings: DoctorFinding | readonly DoctorFinding[]) => void,
): Promise<Inspection | undefined> {
  try {
    const inspection = await inspect(path, process.env, createLog({ level: 'silent' }));
    const { file, problems } = inspection;
    const located = locateProblems(problems, file);
    if (!located.some(isError)) add('config', { state: 'ok', text: `${file.shown} is valid` });
    add(
      'config',
      located.map((problem) => ({
        state: isError(problem) ? 'fail' : 'warn',
        text: `${problem.place ? `${formatPlace(problem.place)} ` : ''}${problem.message}`,
        ...(problem.fix !== undefined && { fix: problem.fix }),
      })),
    );
    return inspection;
  } catch (error) {
    if (!isHelioError(error)) throw error;
    add('config', { state: 'fail', text: error.message, fix: error.fix });
    return undefined;
  }
}

const formatLine = ({ check, state, text, fix }: Line): string =>
  `${state.padEnd(5)} ${check.padEnd(9)} ${text}${fix === undefined || state === 'ok' ? '' : `\n${' '.repeat(16)}fix: ${fix}`}`;
