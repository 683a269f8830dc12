/** Tells the agent how to repair a refused call: a sentence for the model, an object for programs. */
import { definePlugin, refusals } from '@gethelio/proxy/plugin';
import { ruleField } from '@gethelio/proxy/contracts/policy';
import { feedbackSection, ruleFeedback } from './config.ts';
import { render } from './render.ts';

export const feedback = definePlugin({
  name: 'feedback',
  apiVersion: 1,
  summary: 'Turns refusals into sentences and objects that an agent can act on.',
  config: feedbackSection,
  provides: { refusals },
  register({ config, contribute }) {
    contribute(ruleField, {
      key: 'feedback',
      summary: 'What the agent reads when this rule refuses: message, suggestion, format.',
      schema: ruleFeedback,
    });
    return { refusals: { render: (refused) => render(refused, config) } };
  },
});

export default feedback;
