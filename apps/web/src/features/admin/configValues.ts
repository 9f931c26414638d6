import type { ConfigForm, ConfigKey } from "~/api/types";

/** New values by key; null takes a key out of the file. */
export type Changes = Record<string, unknown>;

/** A value in one line, as the file would have it. */
export function shownConfig(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(shownConfig).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([name, inner]) => `${name} = ${shownConfig(inner)}`).join(", ");
  return JSON.stringify(value);
}

/** A value as the text that is edited: entries of lists and tables each on a line of its own. */
export function editedText(form: ConfigForm, value: unknown): string {
  if (form.kind === "list" && Array.isArray(value)) return value.map(shownConfig).join("\n");
  if (form.kind === "table" && value && typeof value === "object") return Object.entries(value).map(([name, inner]) => `${name} = ${shownConfig(inner)}`).join("\n");
  return shownConfig(value);
}

/** The value that an edited text means. What makes no sense is left as it is, for the server to say so. */
export function valueOf(form: ConfigForm, text: string): unknown {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  switch (form.kind) {
    case "switch":
      return text === "true";
    case "integer":
    case "number": {
      const number = Number(text.trim());
      return text.trim() === "" || Number.isNaN(number) ? text : number;
    }
    case "list":
      return lines;
    case "table":
      return Object.fromEntries(lines.map((line) => {
        const at = line.indexOf("=");
        return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }));
    default:
      return text;
  }
}

export const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The keys that fit what is sought, in name, meaning or value, by section. */
export function sections(items: ConfigKey[], sought: string): [section: string, keys: ConfigKey[]][] {
  const words = sought.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found = new Map<string, ConfigKey[]>();
  for (const item of items) {
    const text = `${item.key} ${item.meaning} ${shownConfig(item.value)}`.toLowerCase();
    if (words.every((word) => text.includes(word))) found.set(item.section, [...(found.get(item.section) ?? []), item]);
  }
  return [...found];
}
