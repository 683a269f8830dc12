/** Texts of a client's file as helio.yaml writes them: its placeholders become `${NAME}`, a literal secret does too. */

export interface Translated {
  readonly text: string;
  /** Variables that must be set for it, with where their value stands now. */
  readonly needs: readonly { readonly name: string; readonly literal: boolean }[];
}

const placeholder =
  /\$\{(?:(env|input):)?([A-Za-z_][\w.-]*)(?::-([^}]*))?\}|\$\{(file|workspaceFolder|userHome|pathSeparator)[^}]*\}|\$([A-Z][A-Z0-9_]+)\b/g;
const secretName =
  /secret|token|passw|api[-_]?key|private[-_]?key|credential|authorization|^auth$|cookie|dsn|_key$|^key$/i;
const secretText =
  /^(?:Bearer |Basic |Token )?(?:sk-|sk_|pk_|rk_|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|xapp-|AKIA|AIza|ya29\.|eyJ[\w-]+\.|npm_|hf_|ntn_|secret_|lin_api_|shpat_|SG\.)/;

/** `key` is the name of the variable or header; `server` names what has no name of its own. */
export function translate(text: string, key: string, server: string): Translated {
  const needs: { name: string; literal: boolean }[] = [];
  let isPlaceheld = false;
  const translated = text.replace(
    placeholder,
    (found, kind: string | undefined, name: string | undefined, fallback: string | undefined, special, bare) => {
      if (special !== undefined || name === 'workspaceFolder') return found;
      isPlaceheld = true;
      const variable = variableName(bare ?? name!);
      if (fallback === undefined) needs.push({ name: variable, literal: kind === 'input' });
      return fallback === undefined ? `\${${variable}}` : `\${${variable}:-${fallback}}`;
    },
  );
  if (isPlaceheld) return { text: translated, needs };
  if (text === '' || !(secretName.test(key) || secretText.test(text)))
    return { text: text.replaceAll('${', '$${'), needs };
  const scheme = /^(Bearer|Basic|Token) +/i.exec(text)?.[0] ?? '';
  const variable = /^authorization$/i.test(key) || scheme !== '' ? variableName(`${server}_TOKEN`) : variableName(key);
  return { text: `${scheme}\${${variable}}`, needs: [{ name: variable, literal: true }] };
}

/** A secret in a URL: `user:password@`, and `?token=`. */
export function translateUrl(url: string, server: string): Translated {
  const needs: Translated['needs'][number][] = [];
  const take = (name: string): string => {
    needs.push({ name, literal: true });
    return `\${${name}}`;
  };
  const text = url
    .replace(
      /(\/\/[^\s/@:]*:)([^\s/@$]+)@/,
      (_found, head: string) => `${head}${take(variableName(`${server}_PASSWORD`))}@`,
    )
    .replace(/([?&])([\w-]+)=([^&#$]+)/g, (found, mark: string, key: string) =>
      secretName.test(key) ? `${mark}${key}=${take(variableName(`${server}_${key}`))}` : found,
    );
  const placed = translate(text, '', server);
  return needs.length > 0 ? { text, needs } : placed;
}

/** `--api-key=abc`, `--token abc`, or a text that looks like a key. */
export function translateArgs(args: readonly string[], server: string): { args: string[]; needs: Translated['needs'] } {
  const needs: Translated['needs'][number][] = [];
  const translated = args.map((arg, index) => {
    const pair = /^(--?[\w-]+)=(.+)$/s.exec(arg);
    const flag = pair?.[1] ?? (args[index - 1]?.startsWith('-') ? args[index - 1]! : '');
    const key = flag.replace(/^-+/, '');
    const value = pair ? pair[2]! : arg;
    if (!pair && arg.startsWith('-')) return arg.replaceAll('${', '$${');
    const found = translate(value, secretName.test(key) ? `${server}_${key}` : '', server);
    needs.push(...found.needs);
    return pair ? `${pair[1]}=${found.text}` : found.text;
  });
  return { args: translated, needs };
}

const variableName = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')
    .toUpperCase();
