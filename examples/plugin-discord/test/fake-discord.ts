/**
 * A Discord that runs here: it checks what the real API checks (token, user agent, content type, limits, nonce, rate
 * limits) and signs interactions with a key pair of its own, as the real one does. Source: docs.discord.com/developers.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { wrongWithAnswer, wrongWithMessage } from './fake-limits.ts';

export interface DiscordMessage {
  readonly id: string;
  readonly channel_id: string;
  content: string;
  embeds: readonly { readonly description: string; readonly footer: { readonly text: string } }[];
  components: readonly { readonly components: readonly { readonly custom_id: string; readonly label: string }[] }[];
  allowed_mentions: unknown;
  edits: number;
}
export interface Modal {
  readonly custom_id: string;
  readonly title: string;
}
/** What Discord got for an interaction. */
export interface Delivered {
  readonly status: number;
  readonly body: any;
}
export type Forge = (headers: Record<string, string>, body: string) => Record<string, string>;
interface Answer {
  readonly status: number;
  readonly json: object;
  readonly headers?: Record<string, string>;
}

export type FakeDiscord = Awaited<ReturnType<typeof startFakeDiscord>>;

export async function startFakeDiscord() {
  const token = `MTk4NjIy.Cl2FMQ.${randomBytes(12).toString('hex')}`;
  const channel = '876543210987654321';
  const application = { id: '112233445566778899', name: 'Helio', interactions_endpoint_url: null as string | null };
  const keys = generateKeyPairSync('ed25519');
  const publicKey = Buffer.from(keys.publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('hex');
  const messages: DiscordMessage[] = [];
  const modals: Modal[] = [];
  const told: { readonly user: string; readonly text: string }[] = [];
  const asked: { readonly method: string; readonly path: string; readonly status: number }[] = [];
  const nonces = new Map<string, DiscordMessage>();
  /** Answers that take precedence, one per request; `always` stays. */
  const next: Answer[] = [];
  let always: Answer | undefined;
  /** Route (`*`: all) to the moment before which a request is one too many. */
  const closedUntilMs = new Map<string, number>();
  let impolite = 0;
  let isLosing = false;
  let endpoint = '';
  let count = 0;
  const snowflake = (): string => String(1_300_000_000_000_000_000n + BigInt(++count));

  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const path = (request.url ?? '').replace('/api/v10', '');
      if (isTooEarly(`${request.method} ${path}`)) impolite++;
      const done = next.shift() ?? always ?? api(request, path, body);
      const answer = isLosing ? { status: 502, json: {} } : done;
      isLosing = false;
      asked.push({ method: request.method!, path, status: answer.status });
      close(`${request.method} ${path}`, answer);
      response.writeHead(answer.status, { 'content-type': 'application/json', connection: 'close', ...answer.headers });
      response.end(JSON.stringify(answer.json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  /** Timers may ring a little early. */
  const isTooEarly = (route: string): boolean =>
    [route, '*'].some((each) => (closedUntilMs.get(each) ?? 0) > performance.now() + 20);
  function close(route: string, { status, json, headers = {} }: Answer): void {
    const { retry_after, global } = json as { readonly retry_after?: number; readonly global?: boolean };
    const afterS =
      status === 429 ? retry_after : headers['x-ratelimit-remaining'] === '0' && headers['x-ratelimit-reset-after'];
    if (afterS) closedUntilMs.set(global ? '*' : route, performance.now() + 1000 * Number(afterS));
  }

  const no = (status: number, code: number, message: string): Answer => ({ status, json: { code, message } });
  const invalid = (wrong: string): Answer => no(400, 50035, `Invalid Form Body: ${wrong}`);

  function api({ method, headers, url }: IncomingMessage, path: string, body: string): Answer {
    if (!url?.startsWith('/api/v10/')) return no(404, 0, '404: Not Found');
    if (!/^DiscordBot \(https?:\/\/\S+, \S+\)/.test(headers['user-agent'] ?? ''))
      return no(403, 40333, 'internal network error');
    if (headers.authorization !== `Bot ${token}`) return no(401, 0, '401: Unauthorized');
    if (method === 'GET' && path === '/applications/@me')
      return { status: 200, json: { ...application, verify_key: publicKey } };
    const found = /^\/channels\/(\d+)(?:\/messages(?:\/(\d+))?)?$/.exec(path);
    if (found === null) return no(404, 0, '404: Not Found');
    const [, channelId, messageId] = found;
    if (channelId !== channel) return no(404, 10003, 'Unknown Channel');
    if (method === 'GET') return { status: 200, json: { id: channel, name: 'approvals', type: 0 } };
    if (!headers['content-type']?.startsWith('application/json')) return invalid('content-type');
    const sent = JSON.parse(body);
    const wrong = wrongWithMessage(sent);
    if (wrong) return invalid(wrong);
    if (method === 'POST' && messageId === undefined) return { status: 200, json: posted(sent) };
    const message = messages.find(({ id }) => id === messageId);
    if (method !== 'PATCH' || message === undefined) return no(404, 10008, 'Unknown Message');
    Object.assign(message, sent, { edits: message.edits + 1 });
    return { status: 200, json: message };
  }

  function posted({ nonce, enforce_nonce, ...sent }: any): DiscordMessage {
    const same = enforce_nonce ? nonces.get(nonce) : undefined;
    if (same !== undefined) return same;
    const message = {
      components: [],
      embeds: [],
      content: '',
      ...sent,
      id: snowflake(),
      channel_id: channel,
      edits: 0,
    };
    messages.push(message);
    if (nonce !== undefined) nonces.set(nonce, message);
    return message;
  }

  function signed(body: string, timestamp = String(Math.floor(Date.now() / 1000)), key: KeyObject = keys.privateKey) {
    const signature = sign(null, Buffer.from(timestamp + body), key).toString('hex');
    return { 'content-type': 'application/json', 'x-signature-ed25519': signature, 'x-signature-timestamp': timestamp };
  }

  /** Sends an interaction as Discord would, and does with the answer what Discord does. Headers can be forged. */
  async function deliver(interaction: any, forge: Forge = (headers) => headers): Promise<Delivered> {
    const body = JSON.stringify(interaction);
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: forge(signed(body), body),
      body,
      redirect: 'manual',
    });
    const answer = (await response.json()) as any;
    if (response.status !== 200) return { status: response.status, body: answer };
    if (!response.headers.get('content-type')?.startsWith('application/json')) throw new Error('no JSON');
    const wrong = wrongWithAnswer(answer, interaction);
    if (wrong) throw new Error(`This interaction failed: ${wrong}`);
    const user = (interaction.member?.user ?? interaction.user)?.id;
    if (answer.type === 4 && answer.data.flags === 64) told.push({ user, text: answer.data.content });
    if (answer.type === 9) modals.push(answer.data);
    return { status: response.status, body: answer };
  }

  const common = (type: number) => ({
    id: snowflake(),
    application_id: application.id,
    type,
    token: 'aW50',
    version: 1,
  });
  const by = (user: string) => ({
    channel_id: channel,
    guild_id: '41771983423143937',
    member: { user: { id: user, username: `user-${user.slice(-2)}` }, roles: [], permissions: '0' },
  });

  /** The button whose id says `action`, under the newest message or the given one. */
  function pressed(action: string, user: string, message = messages.at(-1)) {
    const buttons = message?.components.flatMap(({ components }) => components) ?? [];
    const button = buttons.find(({ custom_id }) => custom_id.includes(`:${action}:`));
    if (button === undefined) throw new Error(`there is no button "${action}" on that message`);
    return { ...common(3), ...by(user), message, data: { component_type: 2, custom_id: button.custom_id } };
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v10`,
    token,
    channel,
    publicKey,
    application,
    messages,
    modals,
    told,
    asked,
    /** How many requests came before the time that Discord had asked to wait for. */
    impolite: () => impolite,
    signed,
    deliver,
    pressed,
    press: (action: string, user: string, forge?: Forge) => deliver(pressed(action, user), forge),
    submit: ({ custom_id }: Modal, user: string, reason: string, forge?: Forge) =>
      deliver(
        {
          ...common(5),
          ...by(user),
          message: messages.at(-1),
          data: {
            custom_id,
            components: [{ type: 18, id: 1, component: { type: 4, id: 2, custom_id: 'reason', value: reason } }],
          },
        },
        forge,
      ),
    ping: (forge?: Forge) => deliver({ ...common(1), user: { id: application.id } }, forge),
    /** Saves the Interactions Endpoint URL, as the Developer Portal does: only when it answers a PING and refuses a forged one. */
    async setEndpoint(url: string): Promise<void> {
      endpoint = url;
      const real = await deliver({ ...common(1) });
      const forged = await deliver({ ...common(1) }, (headers) => ({
        ...headers,
        'x-signature-ed25519': '00'.repeat(64),
      }));
      if (real.status !== 200 || forged.status !== 401)
        throw new Error('The specified interactions endpoint url could not be verified.');
      application.interactions_endpoint_url = url;
    },
    /** Takes no check: for tests of what arrives there. */
    useEndpoint: (url: string) => void (endpoint = url),
    /** The next requests are answered like this. */
    answersOnce: (...answers: readonly Answer[]) => void next.push(...answers),
    /** The next request is carried out, and its answer gets lost on the way. */
    losesNextAnswer: () => void (isLosing = true),
    /** From now on every request is answered like this. */
    answers: (status: number, json: object, headers?: Record<string, string>) =>
      void (always = { status, json, ...(headers && { headers }) }),
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString('utf8');
}
