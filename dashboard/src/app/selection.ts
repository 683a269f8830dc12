/** The list that the open call belongs to, so that the drawer can go to the one before and the one after. */
let ids: readonly string[] = [];

export function setList(next: readonly string[]): void {
  ids = next;
}
export function neighbour(id: string, step: 1 | -1): string | undefined {
  const at = ids.indexOf(id);
  return at < 0 ? undefined : ids[at + step];
}
