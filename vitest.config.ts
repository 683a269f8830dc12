import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// `helio-source` (a bare `source` would also lead into other packages, such as eventsource-parser): self-references (`@gethelio/proxy/plugin`) lead to the .ts files, so tests need no build.
// The aliases do the same for folders that are packages of their own (templates and examples of plugins).
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const alias = [
  { find: /^@gethelio\/proxy\/plugin$/, replacement: at('./kernel/plugin.ts') },
  { find: /^@gethelio\/proxy\/testing$/, replacement: at('./kernel/testing/index.ts') },
  { find: /^@gethelio\/proxy\/contracts\/([a-z-]+)$/, replacement: at('./plugins/$1/contract.ts') },
];
const resolve = { conditions: ['helio-source', 'node'], alias };

const long = ['**/*.long.test.ts'];
const never = ['**/node_modules/**', '**/dist/**', '**/templates/**'];

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    testTimeout: 30_000,
    maxWorkers: 3, // most end-to-end tests wait for processes: on two cores the default of one would leave both idle
    hookTimeout: 60_000,
    // Real browsers and processes on a shared machine: one more try there, told in the output as `retry x1`. None for people.
    retry: process.env['CI'] ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: 'short',
          include: [
            'test/**/*.test.ts',
            'plugins/**/*.test.ts',
            'create-helio-plugin/test/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
          exclude: [...never, ...long],
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: long,
          exclude: never,
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
