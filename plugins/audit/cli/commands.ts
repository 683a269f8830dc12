/** `helio audit query|tail|show|export|verify|prune|stats` and `helio export`. All but prune read the file as it is. */
import { durationMs, type CliCommand } from '@gethelio/proxy/plugin';
import { exportCommand } from './export.ts';
import { countOf, failureExit, tell, usageExit, withTrail, type Place } from './open.ts';
import { pruneCommand } from './prune.ts';
import { rowPage, summaryHeading, summaryLine } from './table.ts';
import { verifyCommand } from './verify.ts';

const queryArgument = {
  name: 'query',
  description: `such as 'tool:stripe_* outcome:denied amount>100 since:24h "text"'`,
};
const tailEveryMs = 500;

export function commands(place: Place): readonly CliCommand[] {
  return [
    queryCommand(place),
    tailCommand(place),
    showCommand(place),
    exportCommand('audit export', place),
    exportCommand('export', place),
    verifyCommand(place),
    pruneCommand(place),
    statsCommand(place),
  ];
}

function queryCommand(place: Place): CliCommand {
  return {
    name: 'audit query',
    summary: 'Searches the trail, newest first.',
    arguments: [queryArgument],
    options: [
      { flags: '--limit <n>', description: 'at most so many rows (default 50, at most 1000)' },
      { flags: '--cursor <cursor>', description: 'go on where the page before ended' },
      { flags: '--oldest-first', description: 'the other way round' },
    ],
    run: (input) =>
      withTrail(place, input, (operations) => {
        const limit = countOf(input.options['limit']);
        if (Number.isNaN(limit))
          return (tell(input, 'HELIO_CLI_USAGE', '--limit wants a whole number above 0'), usageExit);
        const cursor = input.options['cursor'];
        const page = operations.query(
          {
            q: input.args[0] ?? '',
            ...(limit !== undefined && { limit }),
            ...(typeof cursor === 'string' && { cursor }),
            order: input.options['oldestFirst'] ? 'asc' : 'desc',
          },
          Date.now(),
        );
        if (input.json) return input.out(JSON.stringify(page));
        if (page.rows.length === 0) input.note('No rows match.');
        else
          input.out(
            [summaryHeading(input.columns), ...page.rows.map((row) => summaryLine(row, input.columns))].join('\n'),
          );
        if (page.unindexed > 0) input.note(`${page.unindexed} rows are not in the text index yet.`);
        if (page.next) input.note(`There are more: --cursor ${page.next}`);
      }),
  };
}

function tailCommand(place: Place): CliCommand {
  return {
    name: 'audit tail',
    summary: 'Shows the newest rows and goes on with every new one.',
    arguments: [queryArgument],
    options: [
      { flags: '--lines <n>', description: 'begin with so many rows (default 10)' },
      { flags: '--no-follow', description: 'stop after them' },
    ],
    run: (input) =>
      withTrail(place, input, async (operations) => {
        const limit = countOf(input.options['lines']) ?? 10;
        if (Number.isNaN(limit))
          return (tell(input, 'HELIO_CLI_USAGE', '--lines wants a whole number above 0'), usageExit);
        const q = input.args[0] ?? '';
        const show = (rows: ReturnType<typeof operations.query>['rows']) => {
          for (const row of rows) input.out(input.json ? JSON.stringify(row) : summaryLine(row, input.columns));
        };
        let last = operations.lastSeq();
        show([...operations.query({ q, limit }, Date.now()).rows].reverse());
        while (input.options['follow'] !== false) {
          await new Promise((resolve) => setTimeout(resolve, tailEveryMs));
          for (
            let rows = operations.summariesAfter(last, 500);
            rows.length > 0;
            rows = operations.summariesAfter(last, 500)
          ) {
            last = rows.at(-1)!.seq;
            const wanted =
              q === ''
                ? rows
                : rows.filter(({ id }) => operations.query({ q: `${q} id:${id}` }, Date.now()).rows.length > 0);
            show(wanted);
          }
        }
        return;
      }),
  };
}

function showCommand(place: Place): CliCommand {
  return {
    name: 'audit show',
    summary: 'Shows one row whole, by its id (the decision_id that the agent was given).',
    arguments: [{ name: 'id', description: 'the row', required: true }],
    run: (input) =>
      withTrail(place, input, (operations) => {
        const row = operations.row(input.args[0] ?? '');
        if (!row) return (tell(input, 'HELIO_AUDIT_NO_ROW', `There is no row ${input.args[0]}.`), failureExit);
        input.out(input.json ? JSON.stringify(row) : rowPage(row, input.columns));
      }),
  };
}

function statsCommand(place: Place): CliCommand {
  return {
    name: 'audit stats',
    summary: 'Counts by outcome, tool and the like, and how large the trail is.',
    options: [{ flags: '--since <duration>', description: 'only the last 24h, 7d, ...' }],
    run: (input) =>
      withTrail(place, input, (operations) => {
        const since = input.options['since'];
        if (since !== undefined && (typeof since !== 'string' || durationMs(since) === undefined))
          return (tell(input, 'HELIO_CLI_USAGE', '--since wants a duration such as 24h'), usageExit);
        const counted = operations.facets({ q: since === undefined ? '' : `since:${since}` }, Date.now());
        const stats = operations.stats();
        if (input.json) return input.out(JSON.stringify({ ...stats, ...counted }));
        const lines = Object.entries(stats)
          .filter(([, value]) => typeof value !== 'object')
          .map(([name, value]) => `${name.padEnd(16)}${String(value)}`);
        for (const [field, values] of Object.entries(counted.facets)) {
          if (values.length === 0) continue;
          lines.push(
            '',
            field,
            ...values.slice(0, 10).map(({ value, count }) => `  ${String(count).padStart(10)}  ${value}`),
          );
        }
        input.out(lines.join('\n'));
      }),
  };
}
