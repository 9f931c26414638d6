import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { activateLocale } from "~/i18n";
import { workspaceStore } from "~/state/workspace";

vi.mock("~/state/session", () => ({ connection: { retryNow: () => undefined } }));
const { ConnectionBanner } = await import("./ConnectionBanner");

describe("the banner about the connection", () => {
  let root: Root;
  let place: HTMLElement;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    place = document.body.appendChild(document.createElement("div"));
    root = createRoot(place);
  });
  afterEach(() => {
    act(() => root.unmount());
    place.remove();
    vi.unstubAllGlobals();
    vi.useRealTimers();
    i18n.loadAndActivate({ locale: "en", messages: {} });
  });

  const shown = (restarting: boolean) => {
    act(() => workspaceStore.set({ connection: { status: "waiting", retryAt: null, restarting } }));
    act(() => root.render(<I18nProvider i18n={i18n}><ConnectionBanner /></I18nProvider>));
    act(() => void vi.advanceTimersByTime(2_000));
    return place.textContent;
  };

  it.each([
    ["en", "The server is restarting.", "The connection is lost."],
    ["de", "Der Server startet neu.", "Die Verbindung ist unterbrochen."],
  ] as const)("tells a planned restart from a lost connection (%s)", async (locale, restart, lost) => {
    await activateLocale(locale);
    expect(shown(true)).toContain(restart);
    expect(shown(false)).toContain(lost);
    expect(place.textContent).not.toContain(restart);
  });
});
