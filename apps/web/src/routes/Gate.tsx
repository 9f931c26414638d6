import { Trans, useLingui } from "@lingui/react/macro";
import { Navigate, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { activateLocale, isLocale } from "~/i18n";
import { start } from "~/state/session";
import { useWorkspace, workspaceStore } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { TipHost } from "~/ui/Tip";
import { Toasts } from "~/ui/Toasts";
import css from "./Gate.module.css";

const PUBLIC = ["/sign-in", "/setup", "/join"];

/** Decides between the chat, the ways in, and waiting. */
export function Gate() {
  const phase = useWorkspace((state) => state.phase);
  const locale = useWorkspace((state) => state.me?.locale.split("-")[0] ?? "");
  const location = useLocation();
  const open = PUBLIC.includes(location.pathname);

  useEffect(() => {
    if (isLocale(locale) && locale !== document.documentElement.lang) void activateLocale(locale);
  }, [locale]);

  if (phase === "signed-out" && !open) {
    const to = location.href === "/" ? {} : { to: location.href };
    return <Navigate to="/sign-in" search={to} replace />;
  }
  return (
    <>
      {open || phase === "ready" ? <Outlet /> : <Waiting failed={phase === "failed"} />}
      <Toasts />
      <TipHost />
    </>
  );
}

function Waiting({ failed }: { failed: boolean }) {
  const { t } = useLingui();
  const again = () => {
    workspaceStore.set({ phase: "starting" });
    void start();
  };
  return (
    <main className={css["waiting"]} aria-busy={!failed}>
      {failed ? (
        <>
          <h1><Trans>The server cannot be reached</Trans></h1>
          <p><Trans>Check your connection, then try again.</Trans></p>
          <Button tone="primary" onClick={again}><Trans>Try again</Trans></Button>
        </>
      ) : (
        <>
          <h1 className="visually-hidden">{t`PlexiChat is starting`}</h1>
          <img className={css["mark"]} src="/icon.svg" alt="" width={44} height={44} />
        </>
      )}
    </main>
  );
}
