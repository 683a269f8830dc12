/** Outline icons, 16 by 16, drawn with the text's colour. */
import { svg, html, type TemplateResult } from 'lit';

const shapes = {
  overview: 'M2.5 2.5h4.5v5H2.5zM9 2.5h4.5v3H9zM2.5 9.5H7v4H2.5zM9 7.5h4.5v6H9z',
  live: 'M1.5 8h3l2-5 3 10 2-5h3',
  approvals: 'M8 1.8l5 2v4c0 3-2 5.4-5 6.4-3-1-5-3.4-5-6.4v-4zM5.8 8l1.6 1.6 2.9-3',
  audit: 'M3.5 1.8h6l3 3v9.4h-9zM9.5 1.8v3h3M5.5 8h5M5.5 10.5h5',
  limits: 'M2.2 11.5a6 6 0 1 1 11.6 0M8 10l3-3.5M8 10.6v.01',
  policies: 'M2.5 3.5h3M2.5 8h3M2.5 12.5h3M7.5 3.5h6M7.5 8h6M7.5 12.5h6',
  tools:
    'M9.8 3a3.2 3.2 0 0 0-3.9 4.1L2.3 10.7a1.4 1.4 0 0 0 0 2l1 1a1.4 1.4 0 0 0 2 0l3.6-3.6A3.2 3.2 0 0 0 13 6.2l-2 2-2.2-.9-.9-2.2z',
  sessions: 'M8 7.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM2.5 14c.4-2.8 2.6-4.3 5.5-4.3s5.1 1.5 5.5 4.3',
  plugins: 'M5.5 2.5v3M10.5 2.5v3M3.5 5.5h9v3a4.5 4.5 0 0 1-9 0zM8 13v2',
  connect: 'M6.5 9.5l3-3M7 4.5l1.4-1.4a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.4 1.4a3 3 0 0 1-4.3-4.3l1.4-1.4',
  settings:
    'M2 4.5h6M11.5 4.5H14M2 11.5h2.5M8 11.5h6M9.7 6.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM6.2 13.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z',
  panel: 'M2.5 3.5h11v9h-11zM2.5 6.5h11',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.4 3.4',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  menu: 'M2 4h12M2 8h12M2 12h12',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  stop: 'M4 4l8 8M12 4l-8 8',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z',
  warn: 'M8 2.2l6.2 11H1.8zM8 6.5v3M8 11.4v.01',
  gauge: 'M2.2 11.5a6 6 0 1 1 11.6 0M8 10l2.6-3.2',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.5M8 5v.01',
  left: 'M10 3L5 8l5 5',
  right: 'M6 3l5 5-5 5',
  down: 'M3 6l5 5 5-5',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M4.5 2.8l8.5 5.2-8.5 5.2z',
  key: 'M6 10.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM8.6 9l5 5M11.2 11.6l1.6-1.6',
  out: 'M6 2.5H2.5v11H6M10.5 11l3-3-3-3M13.5 8H6',
  refresh: 'M13.5 6.5A5.7 5.7 0 1 0 13.7 9M13.7 2.8v3.7H10',
} as const;
export type IconName = keyof typeof shapes;

/** `title` makes it speak for itself; without one it is decoration beside a word. */
export function icon(name: IconName, title = ''): TemplateResult {
  return drawn(shapes[name], title);
}

/** An icon from a path of a plugin's own. */
export function drawn(path: string, title = ''): TemplateResult {
  return html`<svg
    width="16"
    height="16"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
    stroke-linecap="round"
    stroke-linejoin="round"
    role=${title === '' ? 'presentation' : 'img'}
    aria-label=${title === '' ? '' : title}
    aria-hidden=${title === '' ? 'true' : 'false'}
  >
    ${svg`<path d=${path}></path>`}
  </svg>`;
}
