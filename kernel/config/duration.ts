/** Durations and sizes as they are written in helio.yaml: `300s`, `10m`, `90d`, `4MiB`. */
import { z } from 'zod';

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const durationWords = /^(\d{1,15}(?:\.\d{1,6})?) ?(ms|s|m|h|d)$/;
/** About 285 years: beyond it a sum with the clock is no exact number any more. */
const maxDurationMs = 9e12;
const sizeUnits = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 1024, MIB: 1024 ** 2, GIB: 1024 ** 3 } as const;
const sizeWords = /^(\d{1,15}(?:\.\d{1,6})?) ?([KMG]?i?B)$/i;

const wantDuration = 'must be a duration with its unit, such as 250ms, 300s, 10m, 1h or 90d';
const wantSize = 'must be a size with its unit, such as 512KiB or 4MiB';

/** Milliseconds of a duration; undefined when the text is none. */
export function durationMs(text: string): number | undefined {
  const found = durationWords.exec(text.trim());
  if (!found) return undefined;
  const ms = Math.round(Number(found[1]) * durationUnits[found[2] as keyof typeof durationUnits]);
  return ms <= maxDurationMs ? ms : undefined;
}

/** Bytes of a size; undefined when the text is none. `KB` is 1000, `KiB` 1024. */
export function sizeBytes(text: string): number | undefined {
  const found = sizeWords.exec(text.trim());
  if (!found) return undefined;
  const bytes = Math.floor(Number(found[1]) * sizeUnits[found[2]!.toUpperCase() as keyof typeof sizeUnits]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A schema whose output is milliseconds. A bare number is refused: `timeout: 300` would mean 0.3 seconds to half its readers. */
export function duration() {
  return text(durationMs, wantDuration, (bare) => `${bare}s`, {
    pattern: '^\\d+(\\.\\d+)? ?(ms|s|m|h|d)$',
    examples: ['250ms', '300s', '10m', '1h', '90d'],
    unit: 'duration',
  });
}

/** A schema whose output is bytes. */
export function byteSize() {
  return text(sizeBytes, wantSize, (bare) => `${bare}B`, {
    pattern: '^\\d+(\\.\\d+)? ?([KMG]i?)?B$',
    examples: ['512KiB', '4MiB'],
    unit: 'size',
  });
}

/** Says in the JSON Schema what the number behind the text counts. */
export const unitKey = 'x-helio-unit';

/** The shortest way to write milliseconds: `300000` is `5m`. */
export function durationText(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((each) => ms > 0 && ms % durationUnits[each] === 0) ?? 'ms';
  return `${ms / durationUnits[unit]}${unit}`;
}

/** `4194304` is `4MiB`. */
export function sizeText(bytes: number): string {
  const [name, unit] = (
    [
      ['GiB', 1024 ** 3],
      ['MiB', 1024 ** 2],
      ['KiB', 1024],
    ] as const
  ).find(([, each]) => bytes > 0 && bytes % each === 0) ?? ['B', 1];
  return `${bytes / unit}${name}`;
}

function text(
  parse: (text: string) => number | undefined,
  want: string,
  withUnit: (bare: number) => string,
  shape: { readonly pattern: string; readonly examples: readonly string[]; readonly unit: 'duration' | 'size' },
) {
  return z
    .string({
      error: ({ input }) =>
        typeof input === 'number' ? `${input} has no unit: ${want} (write "${withUnit(input)}"?)` : want,
    })
    .refine((written) => parse(written) !== undefined, want)
    .meta({ pattern: shape.pattern, examples: [...shape.examples], [unitKey]: shape.unit })
    .transform((written) => parse(written)!);
}
