import { describe, expect, it } from "vitest";
import { rowsInSight } from "./useRowWindow";

describe("the rows in sight", () => {
  it("are those between the edges of the frame, and some more on either side", () => {
    expect(rowsInSight(0, 660, 2000, 33)).toEqual({ from: 0, to: 32 });
    expect(rowsInSight(-33_000, 660, 2000, 33)).toEqual({ from: 988, to: 1032 });
  });

  it("are few, however long the list is", () => {
    const { from, to } = rowsInSight(-33 * 1990, 660, 2000, 33);
    expect(to).toBe(2000);
    expect(to - from).toBeLessThan(60);
  });

  it("are the nearest ones when the list is out of sight", () => {
    expect(rowsInSight(5_000, 660, 2000, 33)).toEqual({ from: 0, to: 0 });
    expect(rowsInSight(-5_000, 660, 10, 33)).toEqual({ from: 10, to: 10 });
  });
});
