/** Steps that were completed in a session: through Helio by themselves, outside it by word of the SDK. */
import { defineService } from '@gethelio/proxy/plugin';

export interface CompletedStep {
  readonly tool: string;
  readonly status: 'success' | 'failure';
  readonly source: 'proxy' | 'sdk';
  readonly upstream: string | null;
  readonly atMs: number;
}
export interface CompletedSteps {
  /** Records a step that was carried out outside MCP. Durable when it resolves. */
  note(step: {
    readonly session: string;
    readonly tool: string;
    readonly status: 'success' | 'failure';
  }): Promise<void>;
  /** The latest step of every tool in a session, newest first. */
  of(session: string): Promise<readonly CompletedStep[]>;
}
export const completedSteps = defineService<CompletedSteps>('dependencies.steps');
