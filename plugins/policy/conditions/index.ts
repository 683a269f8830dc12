/** The conditions of this plugin, in the order in which a rule tries them: cheap ones first. */
import { annotations } from './annotations.ts';
import type { BuiltIn } from './built-in.ts';
import { agent, environment, session } from './caller.ts';
import { context } from './context.ts';
import { input } from './input.ts';
import { state } from './state.ts';
import { time } from './time.ts';
import { prompt, resource, tool, upstream } from './tool.ts';

export const builtInConditions: readonly BuiltIn[] = [
  tool,
  resource,
  prompt,
  upstream,
  environment,
  agent,
  session,
  annotations,
  time,
  input,
  context,
  state,
];
