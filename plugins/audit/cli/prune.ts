/** `helio audit prune`: retention now, instead of within the minute. */
import { durationMs, type CliCommand } from '@gethelio/proxy/plugin';
import { readOrCreateKey } from '../store/keys.ts';
import { createPruner } from '../store/prune.ts';
import { openTrail } from '../store/schema.ts';
import { tell, usageExit, withTrail, type Place } from './open.ts';

export function pruneCommand(place: Place): CliCommand {
  return {
    name: 'audit prune',
    summary: 'Removes whole segments that are older or larger than the retention; a signed stub stays.',
    options: [
      { flags: '--older-than <duration>', description: 'instead of audit.retention: 30d' },
      { flags: '--yes', description: 'do it; without it only what would go is shown' },
    ],
    run: (input) =>
      withTrail(place, input, (_operations, database) => {
        const older = input.options['olderThan'];
        const ageMs = older === undefined ? place.config.retention.ageMs : durationMs(String(older));
        if (older !== undefined && ageMs === undefined)
          return (tell(input, 'HELIO_CLI_USAGE', '--older-than wants a duration such as 30d'), usageExit);
        const nowMs = Date.now();
        const old = database
          .prepare(
            "SELECT count(*) AS segments, coalesce(sum(last_seq - first_seq + 1), 0) AS rows FROM segments WHERE state = 'closed' AND last_at < ?",
          )
          .get<{ segments: number; rows: number }>(ageMs === undefined ? -1 : nowMs - ageMs)!;
        if (input.options['yes'] !== true) {
          if (input.json) return input.out(JSON.stringify({ would_prune: old }));
          input.out(
            `${old.segments} segments with ${old.rows} rows are old enough to go. Nothing was removed: add --yes.`,
          );
          return;
        }
        const trail = openTrail(place.path);
        try {
          const prune = createPruner(trail, readOrCreateKey(place.stateDir));
          while (prune({ ageMs, sizeBytes: place.config.retention.sizeBytes }, nowMs, true)) continue;
        } finally {
          trail.close();
        }
        if (input.json) return input.out(JSON.stringify({ pruned: old }));
        input.out(`${old.segments} segments with ${old.rows} rows are gone; their signed stubs stay.`);
        return;
      }),
  };
}
