import type { Messages } from "@lingui/core";
import { useLingui } from "@lingui/react";
import { useEffect, useState } from "react";
import { isLocale, type Locale } from "~/i18n";

/** The words of the console, which are fetched with it. */
const catalogues: Record<Locale, () => Promise<{ messages: Messages }>> = {
  en: () => import("~/i18n/admin/en.po"),
  de: () => import("~/i18n/admin/de.po"),
};

/** Whether the console can speak the language in use; fetches it otherwise. */
export function useAdminWords(): boolean {
  const { i18n } = useLingui();
  const { locale } = i18n;
  const [known, setKnown] = useState("");
  useEffect(() => {
    if (!isLocale(locale)) return undefined;
    let wanted = true;
    catalogues[locale]().then(
      ({ messages }) => {
        if (!wanted) return;
        i18n.load(locale, messages);
        setKnown(locale);
      },
      (error: unknown) => setKnown(() => { throw error; }),
    );
    return () => {
      wanted = false;
    };
  }, [i18n, locale]);
  return known === locale;
}
