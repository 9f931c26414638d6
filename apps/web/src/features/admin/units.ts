import type { MetricsUnit } from "~/api/types";
import { numberOf, region } from "~/i18n/format";

const unit = (value: number, name: string, digits = 0): string =>
  new Intl.NumberFormat(region(), { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);

const SPANS: [seconds: number, name: string][] = [[86_400, "day"], [3_600, "hour"], [60, "minute"], [1, "second"]];

/** A length of time in its two largest units. */
export function spanOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = SPANS.findIndex(([length]) => whole >= length);
  if (first < 0) return unit(0, "second");
  const parts: string[] = [];
  let left = whole;
  for (const [length, name] of SPANS.slice(first, first + 2)) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(unit(count, name));
  }
  return parts.join(" ");
}

const SIZES: [bytes: number, name: string][] = [[1024 ** 3, "gigabyte"], [1024 ** 2, "megabyte"], [1024, "kilobyte"]];

/** A number of bytes, in steps of 1024 as the server counts them. */
export function sizeOf(bytes: number): string {
  const [length, name] = SIZES.find(([least]) => bytes >= least) ?? [1, "byte"];
  const value = bytes / length;
  return unit(value, name, value < 10 && length > 1 ? 1 : 0);
}

/** A share of 1, in hundredths. */
export const shareOf = (share: number): string => new Intl.NumberFormat(region(), { style: "percent", maximumFractionDigits: 1 }).format(share);

/** A number to three digits that count. */
const brief = (value: number, options: Intl.NumberFormatOptions = {}): string => new Intl.NumberFormat(region(), { maximumSignificantDigits: 3, ...options }).format(value);

/** A figure of the server with its unit. */
export function figureOf(value: number, of: MetricsUnit): string {
  switch (of) {
    case "count":
      return numberOf(Math.round(value));
    case "per_second":
      return `${brief(value)}/s`;
    case "seconds":
      return value < 1 ? brief(value * 1000, { style: "unit", unit: "millisecond" }) : brief(value, { style: "unit", unit: "second" });
    case "bytes":
      return sizeOf(Math.round(value));
    case "processors":
      return brief(value);
    case "share":
      return shareOf(value);
  }
}

/** A time of day to the second, as in a list of moments. */
export const momentOf = (at: number): string => new Intl.DateTimeFormat(region(), { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);

/** When a line was logged, to the millisecond; with the day unless it is today. */
export function logTimeOf(at: string, now = new Date()): string {
  const date = new Date(at);
  const today = date.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(region(), {
    ...(today ? {} : { day: "2-digit", month: "2-digit" }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).format(date);
}
