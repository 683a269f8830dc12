/** `<helio-policies>`: the rules as written, how often each spoke, which ones never can - and what would happen to a call. */
import { LitElement, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { count, duration, visible } from '../app/format.ts';
import { Resource } from '../app/resource.ts';
import { Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { notLoaded, whenRead } from '../elements/state.ts';
import { outcomePill, pillStyles } from '../elements/outcome.ts';
import { policiesStyles } from '../styles/policies.ts';
import { shared } from '../styles/shared.ts';
import type { AuditFacets, ExplainAnswer, JsonObject, PolicyView, RuleView } from '../api-types.ts';
import '../elements/empty.ts';
import '../elements/json.ts';
import '../elements/outcome.ts';
import '../elements/time.ts';

interface Hits {
  readonly day: ReadonlyMap<string, number>;
  readonly week: ReadonlyMap<string, number>;
}

@customElement('helio-policies')
export class HelioPolicies extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private asked: ExplainAnswer | undefined;
  @state() private wrong = '';
  @state() private busy = false;
  @query('form') private form!: HTMLFormElement;
  private readonly policies = new Resource(this, async (signal) => {
    if (!this.host.has('policy')) return { view: { rules: [], default: 'deny' } as PolicyView, hits: undefined };
    const [view, day, week] = await Promise.all([
      this.host.api.get<PolicyView>('/api/policies', signal),
      this.hits('24h', signal),
      this.hits('7d', signal),
    ]);
    return { view, hits: day === undefined || week === undefined ? undefined : ({ day, week } satisfies Hits) };
  });

  static override styles = [shared, pillStyles, policiesStyles];
  constructor() {
    super();
    new Watch(this, () => [
      this.host.events.on('config', () => void this.policies.load()),
      this.host.router.onChange(() => this.requestUpdate()),
    ]);
  }
  private async hits(since: string, signal: AbortSignal): Promise<ReadonlyMap<string, number> | undefined> {
    if (!this.host.has('audit')) return undefined;
    const read = await this.host.api
      .get<AuditFacets>(`/api/audit/facets?q=${encodeURIComponent(`since:${since}`)}`, signal)
      .catch(() => undefined);
    return read === undefined
      ? undefined
      : new Map((read.facets['rule'] ?? []).map(({ value, count: times }) => [value, times]));
  }

  override render() {
    if (!this.host.has('policy'))
      return html`<h1>Policies</h1>
        ${notLoaded('policy', 'The policy')}`;
    const { query: filters } = this.host.router.place();
    const status = this.host.status();
    const reload = status?.config.lastReload;
    return html`
      <div class="row wrap"><h1 class="grow">Policies</h1></div>
      <p class="muted">
        ${status?.config.path} · config ${status?.config.hash.slice(0, 12)} · loaded
        <helio-time relative .at=${status?.config.loadedAtMs ?? 0}></helio-time>. Rules that match combine: the
        strictest outcome wins, whatever their order.
      </p>
      ${reload?.ok === false ? html`<p class="notice bad" role="alert">The last change was refused, the rules before it still hold: ${reload.error}</p>` : nothing}
      ${(status?.config.warnings ?? []).map((warning) => html`<p class="notice warn">${warning}</p>`)}
      ${whenRead(
        this.policies,
        ({ view, hits }) =>
          html`<section class="card" aria-labelledby="rules">
            <header>
              <h2 id="rules">${count(view.rules.length)} rules</h2>
              <span class="muted small">when none speaks: <b>${view.default}</b></span>
            </header>
            ${
              view.rules.length === 0
                ? html`<helio-empty heading="No rules" icon="policies"
                    ><p>Every call gets the default: ${view.default}.</p></helio-empty
                  >`
                : html`<ol class="rules">
                    ${view.rules.map((rule) => this.rule(rule, hits, filters.get('rule')))}
                  </ol>`
            }
          </section>`,
      )}
      <section class="card" aria-labelledby="ask">
        <header>
          <h2 id="ask">What would happen to this call?</h2>
          <span class="muted small"
            >Judged with everything that counts now. Nothing is forwarded, nothing is taken.</span
          >
        </header>
        <div class="body">
          <form @submit=${this.explain}>
            <label
              ><span>Tool</span><input name="tool" required autocomplete="off" .value=${filters.get('tool') ?? ''}
            /></label>
            <label><span>Agent</span><input name="agent" autocomplete="off" /></label>
            <label><span>Session</span><input name="session" autocomplete="off" /></label>
            ${
              (status?.upstreams.length ?? 0) > 1
                ? html`<label
                    ><span>Upstream</span
                    ><select name="upstream">
                      ${status?.upstreams.map(({ name }) => html`<option>${name}</option>`)}
                    </select></label
                  >`
                : nothing
            }
            <label class="wide"
              ><span>Arguments, JSON</span
              ><textarea name="arguments" rows="4" spellcheck="false" .value=${pretty(filters.get('args'))}></textarea>
            </label>
            <div class="wide row">
              <button class="primary" ?disabled=${this.busy}>Ask</button
              >${this.wrong === '' ? nothing : html`<p class="notice bad" role="alert">${this.wrong}</p>`}
            </div>
          </form>
          ${this.asked === undefined ? nothing : this.answer(this.asked)}
        </div>
      </section>
    `;
  }
  override updated(): void {
    const wanted = this.renderRoot.querySelector('li.wanted');
    if (wanted !== null && wanted !== this.scrolled) wanted.scrollIntoView({ block: 'center' });
    this.scrolled = wanted;
  }
  private scrolled: Element | null = null;

  private rule(rule: RuleView, hits: Hits | undefined, wanted: string | null) {
    const lines = rule.source.replace(/\n$/, '').split('\n');
    const week = hits?.week.get(rule.name) ?? 0;
    return html`<li id="line-${rule.line}" class=${wanted === rule.name ? 'wanted' : ''}>
      <div class="head">
        <b>${visible(rule.name)}</b>
        ${rule.action == null ? nothing : outcomePill(rule.action)}
        ${rule.mode === 'shadow' ? outcomePill('simulated', 'Shadow') : nothing}
        ${rule.tags.map((tag) => html`<span class="muted small">#${tag}</span>`)}
        ${hits !== undefined && week === 0 ? html`<span class="muted small">decided nothing for 7 days</span>` : nothing}
      </div>
      <div class="source" tabindex="0" role="region" aria-label="Rule ${rule.name} as written">
        ${lines.map((line, index) => html`<span>${rule.line + index}</span><code>${line}</code>`)}
      </div>
      ${
        hits === undefined
          ? nothing
          : html`<dl class="hits">
              <dt class="muted">Decided, 24 hours</dt>
              <dd>${count(hits.day.get(rule.name) ?? 0)}</dd>
              <dt class="muted">Decided, 7 days</dt>
              <dd>${count(week)}</dd>
              <dt></dt>
              <dd><a href="/audit?q=${encodeURIComponent(`rule:"${rule.name}"`)}">Show calls</a></dd>
            </dl>`
      }
      ${rule.warnings.map((warning) => html`<p class="warning">${icon('warn')}<span>${warning}</span></p>`)}
    </li>`;
  }
  private async explain(event: Event): Promise<void> {
    event.preventDefault();
    const fields = new FormData(this.form);
    const text = (name: string): string | undefined => (fields.get(name) as string | null)?.trim() || undefined;
    this.busy = true;
    this.wrong = '';
    try {
      this.asked = await this.host.api.post<ExplainAnswer>('/api/explain', {
        tool: text('tool'),
        argumentsText: text('arguments') ?? '{}',
        ...(text('agent') === undefined ? {} : { agent: text('agent') }),
        ...(text('session') === undefined ? {} : { session: text('session') }),
        ...(text('upstream') === undefined ? {} : { upstream: text('upstream') }),
      });
    } catch (error) {
      this.wrong = (error as Error).message;
    } finally {
      this.busy = false;
    }
  }
  private answer({ decision, steps, feedback, trace }: ExplainAnswer) {
    return html`<div class="answer" role="status">
      <div class="row wrap">
        <b>It would be</b
        ><helio-outcome value=${decision.effect}></helio-outcome
        >${decision.verdicts[0] === undefined ? nothing : html`<span>${visible(decision.verdicts[0].reason)}</span>`}
      </div>
      ${
        decision.verdicts.length === 0
          ? nothing
          : html`<div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Verdict</th>
                    <th scope="col">Plugin</th>
                    <th scope="col">Rule</th>
                    <th scope="col">Why</th>
                  </tr>
                </thead>
                <tbody>
                  ${decision.verdicts.map(
                    (verdict) =>
                      html`<tr>
                        <td>${outcomePill(verdict.effect)}</td>
                        <td>${verdict.plugin}</td>
                        <td>
                          ${verdict.rule === undefined ? '–' : html`<a href="/policies?rule=${encodeURIComponent(verdict.rule.name)}">${visible(verdict.rule.name)}</a>, line ${verdict.rule.line}`}
                        </td>
                        <td>${visible(verdict.reason)}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
      }
      ${
        steps === undefined
          ? nothing
          : html`<details>
              <summary>Every step (${count(steps.length)})</summary>
              <div class="scroll">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Plugin</th>
                      <th scope="col">Stage</th>
                      <th scope="col">Said</th>
                      <th scope="col" class="num">Took</th>
                    </tr>
                  </thead>
                  <tbody>
                    ${steps.map(
                      (step) =>
                        html`<tr>
                          <td>${step.plugin}</td>
                          <td class="muted">${step.stage}</td>
                          <td>
                            ${step.verdicts.length === 0 ? html`<span class="muted">nothing</span>` : step.verdicts.map((verdict) => html`${verdict.effect} (${verdict.code}) `)}
                          </td>
                          <td class="num">${duration(step.ms)}</td>
                        </tr>`,
                    )}
                  </tbody>
                </table>
              </div>
            </details>`
      }
      ${
        trace === undefined || trace === null
          ? nothing
          : html`<details>
              <summary>Every rule that was tried</summary>
              <helio-json label="Trace" .value=${trace}></helio-json>
            </details>`
      }
      ${
        feedback === undefined || feedback === null
          ? nothing
          : html`<details>
              <summary>What the agent would read</summary>
              <helio-json label="Feedback" .value=${feedback as JsonObject}></helio-json>
            </details>`
      }
    </div>`;
  }
}

function pretty(text: string | null): string {
  if (text === null) return '';
  return text.length < 120 ? text : text.replace(/([{,])"/g, '$1\n  "').replace(/}$/, '\n}');
}
