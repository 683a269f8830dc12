/**
 * Runs the sources without a build: `node --conditions=helio-source --import ./scripts/source.mjs kernel/cli/main.ts`. For
 * tests and development only; not published. Node strips types by itself from 22.18 on.
 */
import { register } from 'node:module';

if (!process.features.typescript) register('./source-hooks.mjs', import.meta.url);
