/** What Discord checks of a message or an interaction's answer, as documented; a sentence, or undefined when all is well. */

type Part = { readonly [key: string]: any };

export function wrongWithMessage(message: Part, isAnswer = false): string | undefined {
  const { content = '', embeds = [], components = [], allowed_mentions, nonce, flags } = message;
  if (typeof content !== 'string' || content.length > 2000) return 'content: Must be 2000 or fewer in length.';
  if (content === '' && embeds.length === 0 && components.length === 0) return 'Cannot send an empty message';
  if (embeds.length > 10) return 'embeds: Must be 10 or fewer in length.';
  if (nonce !== undefined && (typeof nonce !== 'string' || nonce.length > 25)) return 'nonce: Must be 25 or fewer.';
  if (flags !== undefined && (!isAnswer || (flags & ~(64 | 4 | 4096)) !== 0)) return 'flags: Value is not allowed.';
  if (allowed_mentions?.parse?.some((each: unknown) => !['roles', 'users', 'everyone'].includes(each as string)))
    return 'allowed_mentions.parse: Value must be one of {"everyone", "users", "roles"}.';
  const embedTexts = embeds.flatMap((embed: Part) => [embed['title'], embed['description'], embed['footer']?.text]);
  if (embedTexts.join('').length > 6000) return 'embeds: Embed size exceeds maximum size of 6000';
  return embeds.map(wrongWithEmbed).find(Boolean) ?? wrongWithRows(components);
}

function wrongWithEmbed({ title, description, footer, color, url }: Part): string | undefined {
  if ((title ?? '').length > 256) return 'title: Must be 256 or fewer in length.';
  if ((description ?? '').length > 4096) return 'description: Must be 4096 or fewer in length.';
  if ((footer?.text ?? '').length > 2048) return 'footer.text: Must be 2048 or fewer in length.';
  if (color !== undefined && !(Number.isInteger(color) && color >= 0 && color <= 0xffffff)) return 'color: int value';
  if (url !== undefined && !/^https?:/.test(url)) return 'url: Not a well formed URL.';
  return undefined;
}

function wrongWithRows(rows: readonly Part[]): string | undefined {
  if (rows.length > 5) return 'components: Must be 5 or fewer in length.';
  const ids = new Set<string>();
  for (const row of rows) {
    if (row['type'] !== 1) return 'components[0].type: Value must be one of {1}.';
    if (row['components'].length < 1 || row['components'].length > 5) return 'components: Must be between 1 and 5.';
    for (const button of row['components']) {
      const wrong = wrongWithButton(button);
      if (wrong) return wrong;
      if (ids.has(button.custom_id)) return 'custom_id: Component custom id cannot be duplicated';
      if (button.custom_id !== undefined) ids.add(button.custom_id);
    }
  }
  return undefined;
}

function wrongWithButton({ type, style, label, custom_id, url }: Part): string | undefined {
  if (type !== 2) return 'type: Value must be one of {2}.';
  if (![1, 2, 3, 4, 5].includes(style)) return 'style: Value must be one of {1, 2, 3, 4, 5}.';
  if (typeof label !== 'string' || label.length < 1 || label.length > 80) return 'label: Must be between 1 and 80.';
  if (style === 5) return typeof url === 'string' && custom_id === undefined ? undefined : 'A url is required';
  if (url !== undefined) return 'A custom id and url cannot both be specified';
  return wrongWithId(custom_id);
}

const wrongWithId = (id: unknown): string | undefined =>
  typeof id === 'string' && id.length >= 1 && id.length <= 100 ? undefined : 'custom_id: Must be between 1 and 100.';

/** `interaction` is what it answers: not every type of answer goes with every type of interaction. */
export function wrongWithAnswer(answer: Part | undefined, interaction: Part): string | undefined {
  const { type, data } = answer ?? {};
  if (interaction['type'] === 1) return type === 1 ? undefined : 'a PING is answered with a PONG';
  if (type === 4) return wrongWithMessage(data ?? {}, true);
  if (type === 6) return interaction['message'] === undefined ? 'there is no message to update' : undefined;
  if (type === 7) return interaction['message'] === undefined ? 'there is no message' : wrongWithMessage(data, true);
  if (type !== 9) return `type: Value ${String(type)} is not allowed.`;
  if (interaction['type'] === 5) return 'a dialogue cannot be answered with a dialogue';
  return wrongWithModal(data);
}

function wrongWithModal({ custom_id, title, components }: Part): string | undefined {
  if (typeof title !== 'string' || title.length < 1 || title.length > 45) return 'title: Must be between 1 and 45.';
  if (components.length < 1 || components.length > 5) return 'components: Must be between 1 and 5.';
  for (const { type, label, component } of components as readonly Part[]) {
    if (type !== 18) return 'components: a text input stands in a label';
    if (typeof label !== 'string' || label.length < 1 || label.length > 45) return 'label: Must be between 1 and 45.';
    if (component?.type !== 4 || ![1, 2].includes(component.style)) return 'component: no text input';
    if (component.max_length !== undefined && !(component.max_length >= 1 && component.max_length <= 4000))
      return 'max_length: must be between 1 and 4000.';
    const wrong = wrongWithId(component.custom_id);
    if (wrong) return wrong;
  }
  return wrongWithId(custom_id);
}
