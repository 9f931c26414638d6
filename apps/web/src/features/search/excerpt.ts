export interface Part {
  text: string;
  marked: boolean;
}

const BEFORE = 60;
const LENGTH = 320;

/** The part of a text around its first find, cut into marked and unmarked pieces. Offsets are in UTF-16 code units. */
export function excerpt(text: string, highlights: [number, number][]): Part[] {
  const marks = highlights.filter(([start, end]) => start < end && end <= text.length).sort((a, b) => a[0] - b[0]);
  const first = marks[0]?.[0] ?? 0;
  let from = first > BEFORE * 2 ? first - BEFORE : 0;
  if (from > 0) {
    const space = text.indexOf(" ", from);
    if (space > 0 && space < first) from = space + 1;
  }
  const to = Math.min(text.length, from + LENGTH);
  const parts: Part[] = [];
  const push = (start: number, end: number, marked: boolean) => {
    if (start < end) parts.push({ text: text.slice(start, end), marked });
  };
  if (from > 0) parts.push({ text: "… ", marked: false });
  let at = from;
  for (const [start, end] of marks) {
    if (start >= to) break;
    if (end <= at) continue;
    push(at, Math.max(at, start), false);
    push(Math.max(at, start), Math.min(end, to), true);
    at = Math.min(end, to);
  }
  push(at, to, false);
  if (to < text.length) parts.push({ text: " …", marked: false });
  return parts;
}
