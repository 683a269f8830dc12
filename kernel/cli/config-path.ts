/** Which helio.yaml a command means: `-c FILE`, else HELIO_CONFIG, else ./helio.yaml. */
import { resolve } from 'node:path';
import type { ParsedUsage } from './usage.ts';

export function configPathOf({ options }: Pick<ParsedUsage, 'options'>): string {
  return resolve((options['config'] as string | undefined) ?? process.env['HELIO_CONFIG'] ?? 'helio.yaml');
}
