/** `audit.redact`: which keys and paths are masked, hashed or dropped, compiled once. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';

export const modes = ['mask', 'hash', 'drop'] as const;
export type Mode = (typeof modes)[number];

const keyGlob = z.string().min(1).max(200);
const path = z
  .string()
  .max(1_000)
  .regex(
    /^(\/([^~/]|~[01])*)+$/,
    'write it as a JSON pointer: /arguments/card, /answer/structuredContent/*/iban, /arguments/**/pin',
  );

export const redactRule = z
  .strictObject({
    keys: z
      .array(keyGlob)
      .min(1)
      .optional()
      .describe('Names of members, anywhere, in any case; `*` is any run of characters.'),
    paths: z
      .array(path)
      .min(1)
      .optional()
      .describe(
        'JSON pointers from the row: /arguments/..., /answer/..., /evidence/...; `*` is one step, `**` any number.',
      ),
    mode: z
      .enum(modes)
      .default('mask')
      .describe('mask: `***`; hash: a keyed hash, equal for equal values; drop: gone.'),
  })
  .refine((rule) => rule.keys !== undefined || rule.paths !== undefined, { message: 'name keys or paths' });
export type RedactRule = z.output<typeof redactRule>;

export interface CompiledRules {
  /** The mode for a member of this name, wherever it stands. */
  forKey(key: string): Mode | undefined;
  /** The mode for the value at these steps from the row. Only asked when `hasPaths`. */
  forPath(steps: readonly string[]): Mode | undefined;
  readonly hasPaths: boolean;
  /** What stands in the place of a value; undefined drops it. */
  replace(mode: Mode, text: string): string | undefined;
}

export const masked = '***';
const isHash = /^hash:[0-9a-f]{32}$/;

/** The first rule that matches decides. `hashKey` keeps hashes from being guessed by trying all card numbers. */
export function compileRules(rules: readonly RedactRule[], hashKey: Uint8Array): CompiledRules {
  const keys = rules.flatMap((rule) =>
    (rule.keys ?? []).map((glob) => ({ pattern: globPattern(fold(glob)), mode: rule.mode })),
  );
  const paths = rules.flatMap((rule) =>
    (rule.paths ?? []).flatMap((text) => places(text).map((steps) => ({ steps, mode: rule.mode }))),
  );
  const seen = new Map<string, Mode | undefined>();
  return {
    hasPaths: paths.length > 0,
    forKey(key) {
      if (keys.length === 0) return undefined;
      if (seen.has(key)) return seen.get(key);
      const folded = fold(key);
      const mode = keys.find(({ pattern }) => pattern.test(folded))?.mode;
      if (seen.size > 10_000) seen.clear(); // made-up keys must not fill the memory
      seen.set(key, mode);
      return mode;
    },
    forPath: (steps) => paths.find((rule) => isAt(rule.steps, steps))?.mode,
    replace(mode, text) {
      if (mode === 'drop') return undefined;
      if (mode === 'mask') return masked;
      if (isHash.test(text)) return text; // an intent is redacted before it becomes a row
      return `hash:${createHmac('sha256', hashKey).update(text).digest('hex').slice(0, 32)}`;
    },
  };
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function globPattern(glob: string): RegExp {
  const source = glob.split(/\*+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${source.join('[^]*')}$`);
}

/** The arguments stand in a row up to three times: as judged, as sent when they were rewritten, as refused at the door. */
function places(text: string): string[][] {
  const steps = pathSteps(text);
  if (steps[0] !== 'arguments') return [steps];
  const rest = steps.slice(1);
  return [steps, ['sent_arguments', ...rest], ['data', 'sent', 'params', 'arguments', ...rest]];
}

function pathSteps(text: string): string[] {
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether the pattern names exactly this place. */
function isAt(pattern: readonly string[], steps: readonly string[], p = 0, s = 0): boolean {
  for (; p < pattern.length; p += 1, s += 1) {
    if (pattern[p] === '**') {
      for (let from = s; from <= steps.length; from += 1) if (isAt(pattern, steps, p + 1, from)) return true;
      return false;
    }
    if (s >= steps.length || (pattern[p] !== '*' && pattern[p] !== steps[s])) return false;
  }
  return s === steps.length;
}
