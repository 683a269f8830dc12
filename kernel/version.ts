/** Helio's own version, from package.json, from source and from the build alike. */
import { readFileSync } from 'node:fs';

function readVersion(): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name: string;
        version: string;
      };
      if (name === '@gethelio/proxy') return version;
    } catch {
      // not at this height
    }
  }
  return '0.0.0';
}

export const version = readVersion();
