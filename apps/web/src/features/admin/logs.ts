import type { LogLevel, LogLine, LogTail } from "~/api/types";

/** The levels that can be chosen, the most severe first. */
export const LEVELS = ["error", "warn", "info", "debug"] as const satisfies LogLevel[];
/** How much of the end of a file can be looked at. */
export const SIZES_KB = [64, 256, 1024, 4096] as const;

export const isLevel = (text: string | undefined): text is (typeof LEVELS)[number] => LEVELS.some((level) => level === text);

/** Each line with a key that stays its own while others come and go: lines have nothing else than their text. */
export function keyed(lines: LogLine[]): { key: string; line: LogLine }[] {
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const times = seen.get(line.line) ?? 0;
    seen.set(line.line, times + 1);
    return { key: `${times} ${line.line}`, line };
  });
}

/** The value of a field as one reads it. */
export const shownValue = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Saves the lines that are shown, as they stand in the file. */
export function saveLines({ file, items }: LogTail): void {
  const text = items.map(({ line }) => `${line}\n`).join("");
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileNameOf(file);
  link.click();
  URL.revokeObjectURL(address);
}

/** What lines of a log are saved as. */
export const fileNameOf = (file: string): string => `${file.replace(/\.[^./]*$/, "").replaceAll("/", "-")}.txt`;
