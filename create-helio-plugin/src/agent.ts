/** Whether a coding agent runs the command: it cannot be asked anything, even where it has a terminal. */

/**
 * Set by agents in the commands that they run, never in a person's own terminal. `AI_AGENT` and `AGENT` are what agents
 * agree on, the others what single ones set.
 */
const signs = [
  'AI_AGENT',
  'AGENT',
  'AUGMENT_AGENT',
  'CLAUDECODE',
  'CLINE_ACTIVE',
  'CODEX_SANDBOX',
  'CODEX_THREAD_ID',
  'CURSOR_AGENT',
  'GEMINI_CLI',
  'OPENCODE',
];

export function isRunByAgent(env: { readonly [name: string]: string | undefined }): boolean {
  return signs.some((name) => !['', '0', 'false', undefined].includes(env[name]));
}
