/** `helio start`: runs the proxy until it is told to stop. */
import { createLog } from '../../log.ts';
import { startProxy, type Proxy } from '../../proxy.ts';
import { removeRunFile, writeRunFile } from '../../run-file.ts';
import { version } from '../../version.ts';
import { watch, watchAnyway } from '../../watchdog.ts';
import { bannerOf, formatBanner } from '../banner.ts';
import { overridden } from '../override.ts';
import { configPathOf } from '../config-path.ts';
import { catchStrayErrors } from '../stray-errors.ts';
import { helioError } from '../../errors.ts';
import { isTerminal, note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command
      .name('helio start')
      .description('Runs the proxy.')
      .option('--port <number>', 'listen.port, for this run')
      .option('--dry-run', 'judge every call, forward none')
      .option('--no-hot-reload', 'do not watch helio.yaml')
      .option('--open', 'open the dashboard in a browser'),
  );
  if (usage === undefined) return 0;
  const { port, dryRun, hotReload, open } = usage.options as {
    port?: string;
    dryRun?: boolean;
    hotReload: boolean;
    open?: boolean;
  };
  const log = createLog();
  const running: { proxy?: Proxy } = {};
  catchStrayErrors(() => running.proxy?.generation().plugins ?? [], log);
  watch(process.stderr.isTTY === true);
  const proxy = await startProxy({
    configPath: configPathOf(usage),
    env: process.env,
    log,
    doors: 'http',
    hotReload,
    override: overridden({ ...(port !== undefined && { port: portOf(port) }), ...(dryRun && { dryRun }) }),
  });
  running.proxy = proxy;
  watchAnyway();
  const banner = bannerOf(proxy);
  for (const aside of banner.asides) note(aside);
  if (isTerminal()) out(formatBanner(banner, version));
  else
    out(
      JSON.stringify({
        event: 'listening',
        version,
        mcp: banner.mcp,
        dashboard: banner.dashboard,
        sideband: banner.sideband,
        ...(banner.notes.length > 0 && { notes: banner.notes }),
      }),
    );
  const { stateDir } = proxy;
  await writeRunFile(stateDir, {
    pid: process.pid,
    startedAtMs: Date.now(),
    mcp: banner.mcp,
    dashboard: banner.dashboard,
    sideband: banner.sideband,
  });
  for (const { path, message } of proxy.generation().warnings) log.warn(`${path.join('.')}: ${message}`);
  if (open && banner.dashboard !== undefined) await (await import('../open-browser.ts')).openBrowser(banner.dashboard);

  const signal = await stopSignal();
  note(`\nstopping: calls in flight may finish (press Ctrl-C again to end at once)`);
  const hard = () => process.exit(130);
  process.once('SIGINT', hard);
  await removeRunFile(stateDir);
  await proxy.stop();
  process.off('SIGINT', hard);
  return signal === 'SIGINT' ? 130 : 0;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw helioError('HELIO_CLI_USAGE', { detail: `"${text}" is no port`, command: 'helio start' });
  return port;
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done(signal));
  });
}
