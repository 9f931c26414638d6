import { describe, expect, it } from "vitest";
import { ceilingOf, extentOf, nearest, pathsOf, placeOf, runsOf, type Point } from "./chart";

const points = (...values: (number | null)[]): Point[] => values.map((value, nth) => ({ at: nth * 10, value }));
const frame = { from: 0, to: 40, ceiling: 10 };

describe("a chart", () => {
  it("reaches up to a number that is read easily", () => {
    expect([3, 7.2, 20, 21, 480].map((highest) => ceilingOf(highest, "per_second"))).toEqual([5, 10, 20, 50, 500]);
    expect([0.004, 0.01, 1.2].map((highest) => ceilingOf(highest, "seconds"))).toEqual([0.005, 0.01, 2]);
    expect(ceilingOf(70 * 1024 ** 2, "bytes")).toBe(128 * 1024 ** 2);
  });

  it("does not make much of next to nothing", () => {
    expect(ceilingOf(0, "per_second")).toBe(1);
    expect(ceilingOf(1, "count")).toBe(4);
    expect(ceilingOf(0.3, "share")).toBe(1);
  });

  it("knows what is latest, lowest and highest, without what is not known", () => {
    expect(extentOf(points(3, null, 9, 4, null))).toEqual({ now: 4, lowest: 3, highest: 9 });
    expect(extentOf(points(null, null))).toBeUndefined();
    expect(extentOf([])).toBeUndefined();
  });

  it("is interrupted where nothing is known", () => {
    expect(runsOf(points(1, 2, null, 3)).map((run) => run.map(({ value }) => value))).toEqual([[1, 2], [3]]);
    expect(runsOf(points(null))).toEqual([]);
  });

  it("is drawn from the left to the right, high values above", () => {
    expect(pathsOf(points(0, 10, null, 5), frame)).toEqual({
      line: "M0 100L250 0M750 50h0.1",
      area: "M0 100L0 100L250 0L250 100ZM750 100L750 50L750 100Z",
    });
    expect(placeOf({ at: 20, value: 2.5 }, frame)).toEqual({ x: 0.5, y: 0.75 });
  });

  it("tells of the known point that is nearest to the pointer", () => {
    const known = points(1, 2, null, 4);
    expect(nearest(known, 0.2, frame)?.value).toBe(2);
    expect(nearest(known, 0.55, frame)?.value).toBe(4);
    expect(nearest(points(null), 0.5, frame)).toBeUndefined();
  });
});
