import { describe, expect, it } from "vitest";
import type { Category } from "~/api/types";
import { categoryOf, shifted, withChannel } from "./categories";

const category = (name: string, ...channel_ids: string[]): Category => ({ name, collapsed: false, channel_ids });

describe("categories", () => {
  it("hold a channel once, and take it from where it was", () => {
    const all = [category("Garden", "a", "b"), category("Later")];
    const moved = withChannel(all, "a", "later");
    expect(moved).toEqual([category("Garden", "b"), category("Later", "a")]);
    expect(categoryOf(moved, "a")).toBe("Later");
    expect(categoryOf(withChannel(moved, "a", null), "a")).toBeNull();
  });

  it("are made when a channel is put into one that is not there", () => {
    expect(withChannel([], "a", "New")).toEqual([category("New", "a")]);
  });

  it("change places with their neighbours", () => {
    const all = [category("a"), category("b"), category("c")];
    expect(shifted(all, "c", -1).map(({ name }) => name)).toEqual(["a", "c", "b"]);
    expect(shifted(all, "c", 1)).toBe(all);
  });
});
