/** Dockerfile and compose.yaml cannot be built here: their rules are held by reading them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../kernel/config/read.ts';
import { root } from '../architecture/sources.ts';

const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const compose = parse(text('compose.yaml')) as {
  services: { helio: { [key: string]: any } };
  volumes: { [name: string]: unknown };
};
const { helio } = compose.services;
const lines = text('Dockerfile').replace(/\\\n/g, ' ').split('\n');
const last = (word: string): string => lines.filter((line) => line.startsWith(`${word} `)).at(-1)!;

it('publishes every port to this machine only', () => {
  expect(helio.ports).toHaveLength(3);
  for (const port of helio.ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
});

it('runs without root, capabilities and a writable file system', () => {
  expect(helio).toMatchObject({ user: 'node', read_only: true, cap_drop: ['ALL'] });
  expect(last('USER')).toBe('USER node');
  expect(lines.indexOf(last('USER'))).toBeLessThan(lines.indexOf(last('ENTRYPOINT')));
});

it('keeps .helio/ on a volume, and takes secrets from outside', () => {
  const [name] = helio.volumes.find((volume: string) => volume.endsWith(':/helio/.helio')).split(':');
  expect(compose.volumes).toHaveProperty(name);
  expect(last('VOLUME')).toContain('/helio/.helio');
  for (const value of Object.values(helio.environment)) expect(value).toMatch(/^\$\{[A-Z_]+:\?/);
  expect(text('.dockerignore')).toContain('**/.env');
});

it('is healthy by /livez, and stops later than Helio drains', () => {
  expect(lines.join('\n')).toMatch(/^HEALTHCHECK .*\/livez/m);
  expect(Number.parseInt(helio.stop_grace_period)).toBeGreaterThan(10);
});

it('installs what the lock file says, on a Node that Helio runs on', () => {
  expect(lines).toContain('RUN npm ci');
  for (const line of lines.filter((each) => each.startsWith('FROM '))) {
    expect(Number(/node:(\d+)/.exec(line)![1])).toBeGreaterThanOrEqual(22);
    expect(line).not.toMatch(/:latest/);
  }
});

it('listens on every address inside, with allow_remote beside each', () => {
  const mounted = helio.volumes.find((volume: string) => volume.includes('helio.yaml')).split(':')[0];
  const file = parseConfig(text(mounted), join(root, mounted), { HELIO_DASHBOARD_SECRET: 'long-enough' });
  for (const section of ['listen', 'dashboard', 'sdk'])
    expect(file.tree[section], section).toMatchObject({ host: '0.0.0.0', allow_remote: true });
});
