/** The weeks of a month, Monday first, with the days of other months that fill them. */
export function monthGrid(month: Date): Date[][] {
  const first = new Date(month.getFullYear(), month.getMonth(), 1);
  const lead = (first.getDay() + 6) % 7;
  const days = new Date(month.getFullYear(), month.getMonth() + 1, 0).getDate();
  const weeks: Date[][] = [];
  for (let start = 1 - lead; start <= days; start += 7) {
    weeks.push(Array.from({ length: 7 }, (_, index) => new Date(month.getFullYear(), month.getMonth(), start + index)));
  }
  return weeks;
}
