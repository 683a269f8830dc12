/** Builds the dashboard into dist/dashboard and refuses a build that is too heavy, or that a browser could not run. */
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const firstLoadBytes = 45 * 1024;
const totalBytes = 100 * 1024;

/** The chunks that the entry needs before the first page shows: itself, its static imports, and the first page. */
function budget(): Plugin {
  return {
    name: 'helio-budget',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const size = new Map(chunks.map((chunk) => [chunk.fileName, gzipSync(chunk.code, { level: 9 }).byteLength]));
      const first = new Set<string>();
      const walk = (name: string): void => {
        const chunk = chunks.find(({ fileName }) => fileName === name);
        if (chunk === undefined || first.has(name)) return;
        first.add(name);
        chunk.imports.forEach(walk);
      };
      for (const chunk of chunks) {
        // A raw decorator is a blank page in every browser; it happens when vite finds no tsconfig with experimentalDecorators.
        if (chunk.code.includes('@customElement(')) this.error(`${chunk.fileName} holds a raw decorator`);
        if (chunk.isEntry || chunk.facadeModuleId?.endsWith('/pages/overview.ts') === true) walk(chunk.fileName);
      }
      const sum = (names: Iterable<string>): number => [...names].reduce((all, name) => all + (size.get(name) ?? 0), 0);
      const firstLoad = sum(first);
      const total = sum(size.keys());
      this.info(`first load ${firstLoad} bytes gzipped of ${firstLoadBytes}, all pages ${total} of ${totalBytes}`);
      if (firstLoad > firstLoadBytes)
        this.error(`the first load is ${firstLoad} bytes gzipped; the limit is ${firstLoadBytes}`);
      if (total > totalBytes) this.error(`all pages are ${total} bytes gzipped; the limit is ${totalBytes}`);
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [budget()],
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 100,
  },
  server: { host: '127.0.0.1', proxy: { '/api': process.env['HELIO_URL'] ?? 'http://127.0.0.1:3100' } },
});
