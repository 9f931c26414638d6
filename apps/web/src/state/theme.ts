import type { Theme } from "~/api/types";
import { readLocal, writeLocal } from "./local";
import { workspaceStore } from "./workspace";

/** Shows the theme chosen here last, then whatever the account says. */
export function followTheme(): void {
  show(readLocal<Theme>("theme") ?? "system");
  let last: Theme | undefined;
  workspaceStore.subscribe(() => {
    const theme = workspaceStore.get().me?.theme;
    if (theme && theme !== last) show(theme);
    last = theme;
  });
}

function show(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  writeLocal("theme", theme);
}
