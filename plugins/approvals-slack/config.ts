/** A Slack channel in `approval.channels`. */
import { secret } from '@gethelio/proxy/plugin';
import { z } from 'zod';

const slackUser = z.string().regex(/^[UW][A-Z0-9]+$/, 'must be a Slack member id such as U012ABCDEF');

export const slackSchema = z.strictObject({
  bot_token: secret().describe('The bot token of the Slack app: xoxb-...'),
  signing_secret: secret().describe('Basic Information, App Credentials, Signing Secret.'),
  channel: z
    .string()
    .regex(/^[CGD][A-Z0-9]+$/, "must be a conversation's id such as C0123456789, not its name")
    .describe('The id of the conversation that tickets are posted to.'),
  approvers: z
    .array(
      z.union([
        slackUser,
        z.strictObject({
          id: slackUser.describe('Member id.'),
          name: z.string().min(1).describe('Name of the same person in dashboard.operators.'),
        }),
      ]),
    )
    .min(1)
    .optional()
    .describe(
      'Only these people decide here: member ids, or { id, name } with the name of the same person in dashboard.operators, so that one person never counts twice. Left out: everyone in the conversation.',
    ),
  api_url: z.url().default('https://slack.com/api/').describe("The Web API's base URL. Only for tests."),
});
export type SlackConfig = z.output<typeof slackSchema>;

/** The name that a person's vote counts under. Undefined: not one of the approvers. */
export function approverName(config: SlackConfig, userId: string): string | undefined {
  if (config.approvers === undefined) return userId;
  for (const approver of config.approvers) {
    if (typeof approver === 'string' ? approver === userId : approver.id === userId)
      return typeof approver === 'string' ? approver : approver.name;
  }
  return undefined;
}
