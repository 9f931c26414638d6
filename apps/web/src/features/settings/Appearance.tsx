import { Trans, useLingui } from "@lingui/react/macro";
import type { Theme } from "~/api/types";
import formCss from "~/features/channel/Forms.module.css";
import { activateLocale, LOCALES, type Locale } from "~/i18n";
import { useMe, workspaceStore } from "~/state/workspace";
import { Choice } from "~/ui/Field";
import { useUpdateMe } from "./useUpdateMe";

export function Appearance() {
  const { t, i18n } = useLingui();
  const me = useMe();
  const save = useUpdateMe();
  const themes: [Theme, string][] = [["system", t`As the device`], ["light", t`Light`], ["dark", t`Dark`]];
  const speak = async (locale: Locale) => {
    await activateLocale(locale);
    save.mutate({ locale });
  };
  const choose = (theme: Theme) => {
    const before = me.theme;
    const show = (now: Theme) => workspaceStore.set((state) => ({ me: state.me && { ...state.me, theme: now } }));
    show(theme);
    save.mutate({ theme }, { onError: () => show(before) });
  };
  return (
    <>
      <Choice label={t`Language`} value={i18n.locale} onChange={(event) => void speak(event.target.value as Locale)}>
        {Object.entries(LOCALES).map(([code, name]) => <option key={code} value={code} lang={code}>{name}</option>)}
      </Choice>
      <fieldset className={formCss["choices"]}>
        <legend><Trans>Theme</Trans></legend>
        {themes.map(([theme, title]) => (
          <label key={theme} className={formCss["choice"]}>
            <input type="radio" name="theme" checked={me.theme === theme} onChange={() => choose(theme)} />
            <b>{title}</b>
          </label>
        ))}
      </fieldset>
    </>
  );
}
