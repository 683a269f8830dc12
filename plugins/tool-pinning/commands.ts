/** `helio tools list|diff|accept|check`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CliCommand, CliInput, Json, JsonObject, KernelApi } from '@gethelio/proxy/plugin';
import type { Book } from './book.ts';
import type { PinView } from './contract.ts';
import { differences, viewOf } from './pin.ts';

const exitChanged = 4; // documented in `helio --help`: a check that failed

interface World {
  readonly lock: string;
  readonly configDir: string;
  readonly kernel: KernelApi;
  readonly book: Book;
  readonly clock: { nowMs(): number };
}

export function toolCommands(world: World): readonly CliCommand[] {
  return [
    {
      name: 'tools list',
      summary: 'every tool and whether it is what was accepted',
      run: (input) => list(world, input),
    },
    {
      name: 'tools diff',
      summary: 'what changed in a tool since it was accepted',
      arguments: [{ name: 'tool', description: 'left out: every changed tool' }],
      run: (input) => diff(world, input),
    },
    {
      name: 'tools accept',
      summary: "accept a tool's current definition",
      arguments: [{ name: 'tool', description: 'its name' }],
      options: [
        { flags: '--all', description: 'every new, changed or removed tool' },
        { flags: '--lock', description: 'write what the upstreams say now to the lock file' },
      ],
      run: (input) => accept(world, input),
    },
    {
      name: 'tools check',
      summary: 'compare the upstreams with the lock file, for CI (exit 4 when they differ)',
      run: (input) => check(world, input),
    },
  ];
}

/** The running Helio knows best; without one the state store on disk is read. */
async function readPins({ book }: World, input: CliInput): Promise<readonly PinView[]> {
  try {
    return ((await input.ask('GET', '/api/tools')) as unknown as { tools: PinView[] }).tools;
  } catch (error) {
    if ((error as { code?: string }).code !== 'HELIO_CLI_UNREACHABLE') throw error;
    await input.openStores();
    await book.load();
    return book.all().map(viewOf);
  }
}

async function list(world: World, input: CliInput): Promise<void> {
  const pins = await readPins(world, input);
  if (input.json) return input.out(JSON.stringify({ tools: pins }));
  if (pins.length === 0) return input.out('No tool is pinned yet: they are at the first list or call.');
  const width = Math.max(...pins.map(({ name }) => name.length));
  input.out(
    pins
      .map(
        ({ name, state, upstream, pinnedHash }) =>
          `${state.padEnd(9)}${name.padEnd(width + 2)}${upstream.padEnd(12)}${pinnedHash.slice(0, 12)}`,
      )
      .join('\n'),
  );
}

async function diff(world: World, input: CliInput): Promise<number> {
  const [wanted] = input.args;
  const pins = (await readPins(world, input)).filter(({ name, state }) =>
    wanted === undefined ? state !== 'pinned' : name === wanted,
  );
  const changes = pins.map((pin) => ({
    ...pin,
    differences: pin.current === null ? [] : differences(pin.pinned, pin.current),
  }));
  if (wanted !== undefined && pins.length === 0) return (input.note(`no tool "${wanted}" is pinned`), 1);
  if (input.json) input.out(JSON.stringify({ tools: changes }));
  else input.out(changes.map(formatDiff).join('\n\n') || 'Every tool is what was accepted.');
  return 0;
}

function formatDiff({
  name,
  upstream,
  state,
  differences: found,
}: PinView & { differences: ReturnType<typeof differences> }): string {
  const side = (sign: string, value: Json | undefined): string[] =>
    value === undefined ? [] : [`  ${sign} ${JSON.stringify(value)}`];
  return [
    `${name} (${upstream}): ${state}`,
    ...found.flatMap(({ path, before, after }) => [`  ${path}`, ...side('-', before), ...side('+', after)]),
  ].join('\n');
}

async function accept(world: World, input: CliInput): Promise<number> {
  const [wanted] = input.args;
  const wantsLock = input.options['lock'] === true;
  if (wantsLock && wanted === undefined && input.options['all'] !== true) return writeLock(world, input);
  const pins = (await readPins(world, input)).filter(
    ({ name, state }) => state !== 'pinned' && (input.options['all'] === true || name === wanted),
  );
  if (wanted === undefined && input.options['all'] !== true) return (input.note('name a tool, or say --all'), 2);
  if (pins.length === 0) input.note('nothing waits to be accepted');
  for (const { upstream, name, currentHash } of pins) {
    await input.ask('POST', '/api/tools/accept', {
      upstream,
      name,
      ...(currentHash !== null && { hash: currentHash }),
    });
    input.note(`accepted ${name} (${upstream})`);
  }
  if (input.json) input.out(JSON.stringify({ accepted: pins.map(({ upstream, name }) => ({ upstream, name })) }));
  if (pins.length === 0 && wanted !== undefined) return 1;
  return wantsLock ? writeLock(world, input) : 0;
}

type Lock = { readonly [upstream: string]: { readonly [tool: string]: JsonObject } };

/** What the upstreams say now, sorted, so that Git shows changes and nothing else. */
async function currentLock({ kernel }: World): Promise<Lock> {
  const upstreams = await Promise.all(
    kernel.upstreams().map(async ({ name }) => {
      const tools = await kernel.tools(name, { fresh: true });
      return [
        name,
        Object.fromEntries(tools.map((tool) => [tool.name, tool.raw] as const).sort(([a], [b]) => (a < b ? -1 : 1))),
      ] as const;
    }),
  );
  return Object.fromEntries(upstreams);
}

async function writeLock(world: World, input: CliInput): Promise<number> {
  const path = join(world.configDir, world.lock);
  await writeFile(path, `${JSON.stringify(await currentLock(world), null, 2)}\n`);
  input.note(`wrote ${path}`);
  return 0;
}

async function check(world: World, input: CliInput): Promise<number> {
  const path = join(world.configDir, world.lock);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return (input.note(`there is no ${path}; "helio tools accept --lock" writes it`), 1);
  const found = differences(JSON.parse(text) as Json, (await currentLock(world)) as Json);
  if (input.json) input.out(JSON.stringify({ ok: found.length === 0, differences: found }));
  else if (found.length === 0) input.out('The upstreams are what the lock file says.');
  else
    for (const { path: at, before, after } of found)
      input.out(`${before === undefined ? 'new' : after === undefined ? 'removed' : 'changed'}  ${at.slice(1)}`);
  return found.length === 0 ? 0 : exitChanged;
}
