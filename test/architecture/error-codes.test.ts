/** One table of errors: whoever greps a code finds what it means and what to do. */
import { expect, it } from 'vitest';
import { errors } from '../../kernel/errors.ts';
import { sourcesOf } from './sources.ts';

/** Names of the same shape that are environment variables. */
const variables = ['HELIO_SDK_TOKEN', 'HELIO_ADAPTER_TOKEN', 'HELIO_DASHBOARD_SECRET', 'HELIO_OPERATOR_SECRET'];

it('no source of ours raises a code that is not in the table', () => {
  const strays = ['kernel', 'plugins', 'create-helio-plugin/src'].flatMap((folder) =>
    sourcesOf(folder).flatMap(({ path, text }) =>
      [...text.matchAll(/\bHELIO_[A-Z]+(?:_[A-Z]+)+\b/g)]
        .map(([code]) => code)
        .filter((code) => !Object.hasOwn(errors, code) && !variables.includes(code))
        .map((code) => `${path}: ${code}`),
    ),
  );
  expect(strays).toEqual([]);
});

it('no variable of the environment is called like an error', () => {
  expect(variables.filter((name) => Object.hasOwn(errors, name))).toEqual([]);
});
