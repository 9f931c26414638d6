import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TYPING_ENDS, useTyped } from "./useTyped";

describe("a field whose text stands in the address", () => {
  let root: Root;
  let field: readonly [string, (typed: string) => void];
  const say = vi.fn<(text: string) => void>();

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    root = createRoot(document.createElement("div"));
    say.mockClear();
  });
  afterEach(() => {
    act(() => root.unmount());
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  function Under({ text }: { text: string }) {
    field = useTyped(text, say);
    return null;
  }
  const address = (text: string) => act(() => root.render(<Under text={text} />));
  const type = (text: string) => act(() => field[1](text));
  const pass = (time: number) => act(() => void vi.advanceTimersByTime(time));

  it("says what was typed once, when typing has ended", () => {
    address("");
    for (const typed of ["s", "sl", "slow "]) {
      type(typed);
      pass(TYPING_ENDS - 1);
    }
    expect(say).not.toHaveBeenCalled();
    pass(1);
    expect(say.mock.calls).toEqual([["slow"]]);
    address("slow");
    expect(field[0]).toBe("slow ");
    pass(TYPING_ENDS);
    expect(say).toHaveBeenCalledTimes(1);
  });

  it("takes what the address says otherwise, and forgets what was being typed", () => {
    address("slow");
    expect(field[0]).toBe("slow");
    type("slow query");
    address("");
    expect(field[0]).toBe("");
    pass(TYPING_ENDS);
    expect(say).not.toHaveBeenCalled();
  });

  it("keeps what is typed while the address takes up what was said", () => {
    address("");
    type("a");
    pass(TYPING_ENDS);
    type("ab");
    address("a");
    expect(field[0]).toBe("ab");
  });
});
