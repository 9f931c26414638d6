import { i18n, type Messages } from "@lingui/core";
import { readLocal, writeLocal } from "~/state/local";

export const LOCALES = { en: "English", de: "Deutsch" } as const;
export type Locale = keyof typeof LOCALES;

const catalogues: Record<Locale, () => Promise<{ messages: Messages }>> = {
  en: () => import("./locales/en.po"),
  de: () => import("./locales/de.po"),
};

const RIGHT_TO_LEFT = /^(?:ar|fa|he|ur|ps|sd|ug|yi)\b/;

export const isLocale = (value: string): value is Locale => value in LOCALES;

/** The locale to begin with: what was chosen here last, else the first of the browser's that we have. */
export function firstLocale(): Locale {
  const wishes = [readLocal<string>("locale") ?? "", ...navigator.languages];
  for (const wish of wishes) {
    const language = wish.split("-")[0] ?? "";
    if (isLocale(language)) return language;
  }
  return "en";
}

export async function activateLocale(locale: Locale): Promise<void> {
  const { messages } = await catalogues[locale]();
  i18n.loadAndActivate({ locale, messages });
  document.documentElement.lang = locale;
  document.documentElement.dir = RIGHT_TO_LEFT.test(locale) ? "rtl" : "ltr";
  writeLocal("locale", locale);
}
