/** How the dashboard writes times, durations, money and arguments. */
import type { Json } from '../api-types.ts';
import { ExactNumber } from './exact-json.ts';
import { preferences } from './preferences.ts';

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** `14:03:27` today, `21 Nov 14:03` on other days. */
export function clock(atMs: number, nowMs = Date.now()): string {
  const utc = preferences().zone === 'utc';
  const at = new Date(atMs);
  const now = new Date(nowMs);
  const [day, month, hours, minutes, seconds] = utc
    ? [at.getUTCDate(), at.getUTCMonth(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
    : [at.getDate(), at.getMonth(), at.getHours(), at.getMinutes(), at.getSeconds()];
  const today = utc
    ? at.toISOString().slice(0, 10) === now.toISOString().slice(0, 10)
    : at.toDateString() === now.toDateString();
  const time = `${twoDigits(hours)}:${twoDigits(minutes)}`;
  return today ? `${time}:${twoDigits(seconds)}` : `${day} ${months[month] ?? ''} ${time}`;
}
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The whole instant, for a title. */
export function instant(atMs: number): string {
  return preferences().zone === 'utc'
    ? new Date(atMs).toISOString()
    : new Date(atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
}

/** `40 µs`, `0.4 ms`, `38 ms`, `2.1 s`, `4 min`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms <= 0) return '0 ms';
  if (ms < 0.1) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** `in 4 min`, `2 h ago`, `now`. */
export function relative(atMs: number, nowMs = Date.now()): string {
  const gap = atMs - nowMs;
  if (Math.abs(gap) < 1000) return 'now';
  return gap > 0 ? `in ${duration(gap)}` : `${duration(-gap)} ago`;
}

/** `4:32` left until an instant; `0:00` when it is over. */
export function countdown(untilMs: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0
    ? `${hours}:${twoDigits(minutes)}:${twoDigits(seconds % 60)}`
    : `${minutes}:${twoDigits(seconds % 60)}`;
}

/** Exact decimal text with grouped thousands: never through a float. */
export function money(amount: string, currency = ''): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  if (match === null) return currency === '' ? amount : `${amount} ${currency}`;
  const whole = (match[2] ?? '').replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  const cents =
    match[3] === undefined ? '' : `.${currency !== '' && match[3].length === 1 ? `${match[3]}0` : match[3]}`;
  return `${match[1]}${whole}${cents}${currency === '' ? '' : ` ${currency}`}`;
}

export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

/** Characters that could make text read as something else: bidi overrides, zero width, controls. Shown as their code point. */

const deceptive =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
export function visible(text: string): string {
  return text.replace(deceptive, (sign) => `⟨U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** One line that says what a call was about: `amount 1200, currency GBP, customer {…}`. */
export function argumentsLine(value: Json, most = 160): string {
  if (value === null || typeof value !== 'object' || value instanceof ExactNumber)
    return value === null ? '' : visible(scalar(value));
  const parts: string[] = [];
  let length = 0;
  for (const [name, part] of Object.entries(value)) {
    const text = `${visible(name)} ${brief(part)}`;
    parts.push(text);
    length += text.length + 2;
    if (length > most) break;
  }
  const line = parts.join(', ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

function brief(value: Json): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.length}]`;
  if (value !== null && typeof value === 'object' && !(value instanceof ExactNumber))
    return Object.keys(value).length === 0 ? '{}' : '{…}';
  const text = visible(scalar(value));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function scalar(value: Json): string {
  if (typeof value === 'string') return value.replace(/\s+/g, ' ');
  return String(value);
}
