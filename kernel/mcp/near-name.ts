/** Does a name only look like one that is advertised? For the record: who sends such a name is either confused or trying something. */

/** Letters of other scripts that look like a Latin one in most fonts (Unicode TR 39, confusables; the common ones). */
const lookalikes: { readonly [letter: string]: string } = {
  ...{ а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', н: 'h', о: 'o', р: 'p' },
  ...{ ѕ: 's', т: 't', у: 'y', ѵ: 'v', ѡ: 'w', х: 'x', ԛ: 'q', α: 'a', ε: 'e', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p' },
  ...{ τ: 't', υ: 'u', χ: 'x', ı: 'i', ɡ: 'g', ո: 'n', ս: 'u', օ: 'o' },
};

/** The advertised name that this one cannot be told from by eye; undefined when there is none. */
export function nearName(name: string, advertised: Iterable<string>): string | undefined {
  if (name.length > 256) return undefined;
  const wanted = skeleton(name);
  for (const known of advertised) if (skeleton(known) === wanted) return known;
  return undefined;
}

function skeleton(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}\p{Cc}\s_.-]/gu, '')
    .toLowerCase()
    .replace(/[^\x00-\x7f]/g, (letter) => lookalikes[letter] ?? letter);
}
