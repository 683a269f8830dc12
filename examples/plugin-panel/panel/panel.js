// The panel: a module of its own, plain JavaScript, no imports. The dashboard sets `host` before the element is shown.
// It runs under the dashboard's Content-Security-Policy: no innerHTML, no style attributes, no `<style>` in markup.

/** @typedef {import('@gethelio/proxy/contracts/dashboard').PanelHost} PanelHost */
/** @typedef {{ agent: string, spent: string, payments: number, lastAtMs: number }} Spender */
/** @typedef {{ day: string, currency: string, total: string, spenders: Spender[], hasMore: boolean, unreadPayments: number }} Today */

const spendersInCard = 5;
/** Calls arrive in bursts: what changed is read at most this often. */
const restMs = 1_000;

const style = new CSSStyleSheet();
// Custom properties of the dashboard reach into the shadow root, so both themes come by themselves.
style.replaceSync(`
  :host { display: block; container-type: inline-size; color: var(--helio-text); font-size: 13px; }
  * { box-sizing: border-box; }
  p, dl, dd { margin: 0; }
  a { color: var(--helio-link); text-decoration: none; }
  a:hover { text-decoration: underline; }
  :focus-visible { outline: 2px solid var(--helio-focus); outline-offset: 2px; border-radius: 4px; }
  .muted { color: var(--helio-muted); }
  .total { font-size: 24px; line-height: 32px; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
  .head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; margin-bottom: 12px; }
  .head a { margin-left: auto; }
  .frame { background: var(--helio-surface); border: 1px solid var(--helio-line); border-radius: var(--helio-radius); overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  th, td { height: var(--helio-row); padding: 0 12px; border-bottom: 1px solid var(--helio-line); text-align: left; }
  thead th { font-size: 12px; font-weight: 600; color: var(--helio-muted); white-space: nowrap; }
  tbody th { font-weight: 500; max-width: 280px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  tbody tr:last-child > * { border-bottom: 0; }
  .card tr > :first-child { padding-left: 0; }
  .card tr > :last-child { padding-right: 0; }
  .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .share { width: 30%; min-width: 72px; }
  meter { position: absolute; opacity: 0; }
  svg { display: block; width: 100%; height: 6px; border-radius: 3px; background: var(--helio-line); }
  rect { fill: var(--helio-info); }
  @container (width < 480px) {
    .share, .last { display: none; }
    th, td { padding: 0 8px; }
    tbody th { max-width: 120px; }
  }
  .notice { margin-top: 12px; padding: 10px 14px; border-radius: 6px; background: var(--helio-approval-back); }
`);

class AgentSpendPanel extends HTMLElement {
  /** @type {PanelHost} */
  host = /** @type {any} */ (undefined);
  /** @type {(() => void) | undefined} */
  stop;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  next;

  connectedCallback() {
    if (this.shadowRoot === null) this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [style];
    this.stop = this.host.subscribe('call', () => {
      this.next ??= setTimeout(() => void this.read(), restMs);
    });
    void this.read();
  }

  disconnectedCallback() {
    this.stop?.();
    clearTimeout(this.next);
    this.next = undefined;
  }

  /** What is thrown here the dashboard shows in the panel's place, with the plugin's name. */
  async read() {
    this.next = undefined;
    const today = /** @type {Today} */ (await this.host.api('/today'));
    if (this.isConnected) this.shadowRoot?.replaceChildren(...this.draw(today));
  }

  /**
   * @param {Today} today
   * @returns {HTMLElement[]}
   */
  draw(today) {
    const isCard = this.host.slot === 'overview-card';
    const { spenders } = today;
    const shown = isCard ? spenders.slice(0, spendersInCard) : spenders;
    const head = make('div', { class: 'head' }, [
      make('span', { class: 'total' }, [this.money(today.total, today)]),
      make('span', { class: 'muted' }, [`${today.day}, UTC`]),
      ...(isCard ? [make('a', { href: '/panel/agent-spend/agent-spend-panel' }, ['All agents'])] : []),
    ]);
    const table =
      shown.length === 0
        ? make('p', { class: 'muted' }, ['No agent has spent anything today.'])
        : make('div', { class: isCard ? 'card' : 'frame', ...(isCard ? {} : scrollable) }, [
            this.table(shown, today, isCard),
          ]);
    const left = spenders.length - shown.length;
    return [
      head,
      table,
      ...(left > 0 ? [make('p', { class: 'muted' }, [`and ${left} more`])] : []),
      ...(today.hasMore && !isCard ? [notice(`Only the ${shown.length} agents that spent most are shown.`)] : []),
      ...(today.unreadPayments > 0
        ? [
            notice(
              `${today.unreadPayments} ${today.unreadPayments === 1 ? 'payment has' : 'payments have'} no amount that can be read.`,
            ),
          ]
        : []),
    ];
  }

  /**
   * All amounts with as many decimals as the longest, so that they stand below each other. Text, never a float.
   * @param {string} amount
   * @param {Today} today
   */
  money(amount, { currency, total, spenders }) {
    const places = Math.max(...[total, ...spenders.map(({ spent }) => spent)].map((text) => decimalsOf(text).length));
    const [whole = ''] = amount.split('.');
    const text = places === 0 ? whole : `${whole}.${decimalsOf(amount).padEnd(places, '0')}`;
    return this.host.format.money(text, currency);
  }

  /**
   * @param {readonly Spender[]} spenders
   * @param {Today} today
   * @param {boolean} isCard
   */
  table(spenders, today, isCard) {
    const most = Number(today.total); // a share of a bar, never an amount
    const columns = ['Agent', 'Share', 'Payments', 'Spent', ...(isCard ? [] : ['Last'])];
    const numbers = new Set(['Payments', 'Spent', 'Last']);
    return make('table', {}, [
      make('caption', {}, ['What every agent spent today']),
      make('thead', {}, [
        make(
          'tr',
          {},
          columns.map((title) => {
            const name = `${numbers.has(title) ? 'number ' : ''}${title.toLowerCase()}`;
            return make('th', { scope: 'col', class: name }, [title]);
          }),
        ),
      ]),
      make(
        'tbody',
        {},
        spenders.map(({ agent, spent, payments, lastAtMs }) => {
          const share = most > 0 ? Math.min(1, Math.max(0, Number(spent) / most)) : 0;
          return make('tr', {}, [
            // An agent's name is somebody else's text: never markup, and `bdi` keeps its direction to itself.
            make('th', { scope: 'row', title: agent }, [
              agent === ''
                ? 'no agent'
                : make('a', { href: `/audit?q=${encodeURIComponent(`agent:${JSON.stringify(agent)}`)}` }, [
                    make('bdi', {}, [agent]),
                  ]),
            ]),
            make('td', { class: 'share' }, [
              bar(share, `${agent || 'no agent'}: ${Math.round(share * 100)} % of today`),
            ]),
            make('td', { class: 'number' }, [String(payments)]),
            make('td', { class: 'number' }, [this.money(spent, today)]),
            ...(isCard ? [] : [make('td', { class: 'number last muted' }, [this.host.format.time(lastAtMs)])]),
          ]);
        }),
      ),
    ]);
  }
}
customElements.define('agent-spend-panel', AgentSpendPanel);

/** What scrolls sideways on a narrow screen must be reached by the keyboard too. */
const scrollable = { tabindex: '0', role: 'region', 'aria-label': 'Agents' };

/** @param {string} amount */
const decimalsOf = (amount) => amount.split('.')[1] ?? '';

/** @param {string} sentence */
const notice = (sentence) => make('p', { class: 'notice' }, [sentence]);

/**
 * A real meter for those who listen, a bar for those who look.
 * @param {number} share
 * @param {string} label
 */
function bar(share, label) {
  const picture = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  picture.setAttribute('aria-hidden', 'true');
  const filled = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  filled.setAttribute('width', `${share * 100}%`);
  filled.setAttribute('height', '6');
  filled.setAttribute('rx', '3');
  picture.append(filled);
  return make('div', {}, [
    make('meter', { min: '0', max: '1', value: String(share), 'aria-label': label }, []),
    picture,
  ]);
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {readonly (string | Node)[]} children
 */
function make(name, attributes, children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
