import { i18n } from "@lingui/core";

/** Dates and numbers in the language in use. Formatters are costly to make, so each is made once a locale. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** The browser's own variety of the language (British English, say), which knows how its people write times. */
export function region(): string {
  return navigator.languages.find((language) => language.split("-")[0] === i18n.locale) ?? i18n.locale;
}

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = i18n.locale + JSON.stringify(options);
  let made = formatters.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(region(), options);
    formatters.set(key, made);
  }
  return made;
}

export const timeOf = (at: string): string => formatter({ hour: "2-digit", minute: "2-digit" }).format(new Date(at));
export const dateTimeOf = (at: string): string => formatter({ dateStyle: "full", timeStyle: "short" }).format(new Date(at));
export const shortDateTimeOf = (at: string): string => formatter({ dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
/** The time of today, the date of any other day. */
export const recentOf = (at: string): string => (daysAgo(at) === 0 ? timeOf(at) : formatter({ dateStyle: "medium" }).format(new Date(at)));
export const monthOf = (date: Date): string => formatter({ month: "long", year: "numeric" }).format(date);
export const weekdayOf = (date: Date): string => formatter({ weekday: "short" }).format(date);
export const numberOf = (value: number): string => new Intl.NumberFormat(region()).format(value);

const startOfDay = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
const DAY = 86_400_000;

/** How many days ago, by this device's calendar; 0 is today. */
export const daysAgo = (at: string, now = new Date()): number =>
  Math.round((startOfDay(now) - startOfDay(new Date(at))) / DAY);

export function dayOf(at: string, words: { today: string; yesterday: string }): string {
  const ago = daysAgo(at);
  if (ago === 0) return words.today;
  if (ago === 1) return words.yesterday;
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date().getFullYear();
  return formatter({ weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }).format(date);
}

export const sameDay = (a: string, b: string): boolean => startOfDay(new Date(a)) === startOfDay(new Date(b));

/** The day as a date field writes it, `2026-01-31`. */
export function isoDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
