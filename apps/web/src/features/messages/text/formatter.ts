import type { ReactNode } from "react";
import type { Context } from "./inline";

type Format = (text: string, context: Context) => ReactNode;

let loaded: Format | null = null;
let asked = false;
const listeners = new Set<() => void>();

/** The formatter, once it is loaded. It is not needed to begin, and big. */
export const formatter = (): Format | null => loaded;

export function followFormatter(listener: () => void): () => void {
  listeners.add(listener);
  if (!asked) void load();
  return () => listeners.delete(listener);
}

async function load(): Promise<void> {
  asked = true;
  try {
    loaded = (await import("./render")).format;
    for (const listener of listeners) listener();
  } catch {
    asked = false;
  }
}
