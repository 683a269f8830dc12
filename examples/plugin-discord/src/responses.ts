/** What an interaction is answered with: interaction callback types of the Discord API, by their numbers. */
import { customId } from './card.ts';
import { code } from './text.ts';

export interface Response {
  readonly type: number;
  readonly data?: object;
}

const [ping, channelMessage, deferredUpdate, modal] = [1, 4, 6, 9];
const [label, textInput, paragraph] = [18, 4, 2];
const ephemeral = 1 << 6;

export const pong: Response = { type: ping };

/** Taken; the message changes in a moment. */
export const done: Response = { type: deferredUpdate };

/** A sentence that only the person who pressed can see. */
export const tell = (sentence: string): Response => ({
  type: channelMessage,
  data: { content: code(sentence, 1_500), flags: ephemeral, allowed_mentions: { parse: [] } },
});

/** The dialogue behind Deny. */
export const askReason = (ticket: string, channel: string): Response => ({
  type: modal,
  data: {
    custom_id: customId('reason', ticket, channel),
    title: 'Deny this call',
    components: [
      {
        type: label,
        label: 'Why? The agent reads it.',
        component: { type: textInput, custom_id: 'reason', style: paragraph, max_length: 1_000, required: false },
      },
    ],
  },
});
