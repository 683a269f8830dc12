/** Terms of the audit's query language, put in and taken out by the filter panel: `tool:create_payment "some words"`. */

const term = /(?:[^\s"]|"(?:\\.|[^"\\])*")+/g;

function written(field: string, value: string): string {
  return `${field}:${/^[\w.*@/-]+$/.test(value) ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`}`;
}
function terms(query: string): readonly string[] {
  return query.match(term) ?? [];
}
export function hasTerm(query: string, field: string, value: string): boolean {
  return terms(query).includes(written(field, value));
}
export function addTerm(query: string, field: string, value: string): string {
  return [...terms(query), written(field, value)].join(' ');
}
export function removeTerm(query: string, field: string, value: string): string {
  return terms(query)
    .filter((text) => text !== written(field, value))
    .join(' ');
}
export function removeLastTerm(query: string): string {
  return terms(query).slice(0, -1).join(' ');
}
