/** How well a name fits what was typed: 0 not at all, more is better. */
export function rank(query: string, name: string): number {
  const wanted = query.toLocaleLowerCase();
  const given = name.toLocaleLowerCase();
  if (given === wanted) return 100;
  if (given.startsWith(wanted)) return 80 - Math.min(20, given.length - wanted.length);
  if (given.split(/[\s._-]+/u).some((word) => word.startsWith(wanted))) return 50;
  if (given.includes(wanted)) return 30;
  let at = 0;
  for (const letter of given) if (letter === wanted[at]) at += 1;
  return at === wanted.length ? 10 : 0;
}
