import { describe, expect, it } from "vitest";
import { shownDevice } from "~/api/device";
import { asChannelName } from "~/features/channel/NewChannel";
import { monthGrid } from "~/features/messages/calendar";
import { isGrouped, startsDay, startsNew } from "~/features/messages/rows";
import { sectionsOf } from "~/features/sidebar/order";
import { rank } from "~/features/switcher/rank";
import { channel, message } from "~/test/things";
import { hueOf, initialsOf } from "~/ui/Avatar";

describe("rows", () => {
  it("of the same person within five minutes stand together", () => {
    expect(isGrouped(message(4), message(0))).toBe(true);
    expect(isGrouped(message(5), message(0))).toBe(false);
    expect(isGrouped(message(1, { author_id: "ben" }), message(0))).toBe(false);
    expect(isGrouped(message(1, { reply_to: "m0" }), message(0))).toBe(false);
  });

  it("begin a day and the unread ones", () => {
    expect(startsDay(message(0), undefined)).toBe(true);
    expect(startsDay(message(1), message(0))).toBe(false);
    expect(startsNew(message(2), message(1), 2)).toBe(true);
    expect(startsNew(message(3), message(2), 2)).toBe(false);
    expect(startsNew(message(2), message(1), null)).toBe(false);
  });
});

describe("the sidebar", () => {
  it("puts each conversation into one section", () => {
    const all = [
      channel("zebra"),
      channel("apple"),
      channel("star", { membership: { role: "member", last_read_seq: 0, unread: 0, mentions: 0, muted: false, favourite: true, joined_at: "" } }),
      channel("dm", { kind: "direct", space_id: null, user_ids: ["me", "ben"] }),
      channel("elsewhere", { space_id: "other" }),
      channel("old", { archived: true }),
      channel("visited", { membership: null }),
    ];
    const sections = sectionsOf(Object.fromEntries(all.map((entry) => [entry.id, entry])), {}, "me", "s", [{ name: "Fruit", collapsed: false, channel_ids: ["star", "apple", "gone"] }]);
    expect(sections.categories.map(({ channels }) => channels.map(({ id }) => id))).toEqual([["apple"]]);
    expect(sections.favourites.map(({ id }) => id)).toEqual(["star"]);
    expect(sections.channels.map(({ id }) => id)).toEqual(["zebra"]);
    expect(sections.directs.map(({ id }) => id)).toEqual(["dm"]);
  });
});

describe("the quick switcher", () => {
  it("prefers beginnings over middles over scattered letters", () => {
    const order = ["lovelace-fans", "ada-lovelace", "belove", "long overdue vessel", "nothing"].map((name) => rank("love", name));
    expect([...order].sort((a, b) => b - a)).toEqual(order);
    expect(order[4]).toBe(0);
  });
});

describe("small things", () => {
  it("make channel names of what is typed", () => {
    expect(asChannelName("Release  Notes")).toBe("release-notes");
  });

  it("lay months out in weeks from Monday", () => {
    const weeks = monthGrid(new Date(2026, 10, 1));
    expect(weeks).toHaveLength(6);
    expect(weeks[0]?.[6]?.getDate()).toBe(1);
    expect(weeks.flat().every((date) => date instanceof Date)).toBe(true);
  });

  it("name devices in few words", () => {
    const edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
    expect(shownDevice(edge)).toBe("Edge, Windows");
    expect(shownDevice("Ada's laptop")).toBe("Ada's laptop");
  });

  it("make initials and a steady colour", () => {
    expect(initialsOf("Ada Lovelace")).toBe("AL");
    expect(initialsOf("ben")).toBe("B");
    expect(initialsOf("李 小龍")).toBe("李小");
    expect(hueOf("x")).toBe(hueOf("x"));
  });
});
