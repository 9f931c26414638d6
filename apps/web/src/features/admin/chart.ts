import type { MetricsUnit } from "~/api/types";

/** What a figure was at a time; nothing when there was nothing to tell. */
export interface Point {
  at: number;
  value: number | null;
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => one * power >= value * 0.999_999) ?? 10;
  return step * power;
}

/** The least that a chart reaches up to, so that next to nothing does not look like much. */
const LEAST: Record<MetricsUnit, number> = { count: 4, per_second: 1, seconds: 0.001, bytes: 1024, processors: 0.1, share: 1 };

/** Up to where a chart of these values reaches: a number that is read easily, in half too. */
export function ceilingOf(highest: number, unit: MetricsUnit): number {
  const least = LEAST[unit];
  if (!(highest > least)) return least;
  if (unit === "bytes") return 2 ** Math.ceil(Math.log2(highest));
  return roundUp(highest);
}

export interface Extent {
  now: number;
  lowest: number;
  highest: number;
}

/** The latest value that is known, the lowest and the highest; nothing when none is known. */
export function extentOf(points: readonly Point[]): Extent | undefined {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const now = values.at(-1);
  return now === undefined ? undefined : { now, lowest: Math.min(...values), highest: Math.max(...values) };
}

/** Runs of points whose values are known: where one is not, the line is interrupted. */
export function runsOf(points: readonly Point[]): { at: number; value: number }[][] {
  const runs: { at: number; value: number }[][] = [];
  let open = false;
  for (const { at, value } of points) {
    if (value === null) {
      open = false;
      continue;
    }
    if (!open) runs.push([]);
    open = true;
    runs.at(-1)?.push({ at, value });
  }
  return runs;
}

export interface Frame {
  from: number;
  to: number;
  ceiling: number;
}

const WIDTH = 1000;
const HEIGHT = 100;

/** The box in which a chart is drawn, whatever its size on the screen. */
export const BOX = { width: WIDTH, height: HEIGHT };

const round = (value: number): number => Math.round(value * 10) / 10;
const across = (at: number, { from, to }: Frame): number => round(((at - from) / Math.max(1, to - from)) * WIDTH);
const down = (value: number, { ceiling }: Frame): number => round(HEIGHT - (Math.min(value, ceiling) / ceiling) * HEIGHT);

/** The line through the points, and the area below it. */
export function pathsOf(points: readonly Point[], frame: Frame): { line: string; area: string } {
  let line = "";
  let area = "";
  for (const run of runsOf(points)) {
    const steps = run.map(({ at, value }) => `${across(at, frame)} ${down(value, frame)}`);
    const [first, last] = [run[0], run.at(-1)];
    if (!first || !last) continue;
    // a point that stands alone is drawn as a dot by the round end of its line
    line += `M${steps.join("L")}${steps.length === 1 ? "h0.1" : ""}`;
    area += `M${across(first.at, frame)} ${HEIGHT}L${steps.join("L")}L${across(last.at, frame)} ${HEIGHT}Z`;
  }
  return { line, area };
}

/** The point nearest to a part (0 to 1) of the chart's width. */
export function nearest(points: readonly Point[], part: number, { from, to }: Frame): Point | undefined {
  const sought = from + part * (to - from);
  let found: Point | undefined;
  for (const point of points) {
    if (point.value !== null && (!found || Math.abs(point.at - sought) < Math.abs(found.at - sought))) found = point;
  }
  return found;
}

/** Where in the chart a point stands, in parts of its width and height from the top left. */
export const placeOf = (point: { at: number; value: number }, frame: Frame): { x: number; y: number } => ({
  x: across(point.at, frame) / WIDTH,
  y: down(point.value, frame) / HEIGHT,
});
