import { Trans, useLingui } from "@lingui/react/macro";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { useMe, useWorkspace } from "~/state/workspace";
import { Empty } from "~/ui/Empty";
import { Icon, type IconName } from "~/ui/Icon";
import css from "./AdminScreen.module.css";
import { NEEDS, type AdminPage } from "./permissions";
import { useAdminWords } from "./words";

/** The console of those who run the server. While the way to the sign-in page is loading, nothing of it may be shown any more. */
export function AdminScreen() {
  const ready = useWorkspace((state) => state.phase === "ready");
  const worded = useAdminWords();
  return ready && worded ? <Console /> : null;
}

const ADDRESSES = { overview: "/admin", supervisor: "/admin/supervisor", logs: "/admin/logs" } as const satisfies Record<AdminPage, string>;
const ICONS: Record<AdminPage, IconName> = { overview: "server", supervisor: "retry", logs: "menu" };
const PAGES = ["overview", "supervisor", "logs"] as const;

function Console() {
  const { t } = useLingui();
  const { permissions } = useMe();
  const { pathname } = useLocation();
  const names: Record<AdminPage, string> = { overview: t`Overview`, supervisor: t`Supervision`, logs: t`Logs` };
  const mine = PAGES.filter((page) => permissions.includes(NEEDS[page]));
  const here = PAGES.find((page) => pathname.replace(/\/$/, "") === ADDRESSES[page]);
  const name = here ? names[here] : t`Administration`;
  useEffect(() => {
    document.title = `${name} · PlexiChat`;
  }, [name]);
  return (
    <div className={css["shell"]}>
      <header className={css["side"]}>
        <Link to="/" className={css["back"]}><Icon name="back" size={16} /><Trans>Conversations</Trans></Link>
        <p className={css["title"]}><Trans>Administration</Trans></p>
        <nav aria-label={t`Administration`}>
          <ul className={css["pages"]}>
            {mine.map((page) => (
              <li key={page}>
                <Link to={ADDRESSES[page]} className={css["page"]} activeOptions={{ exact: true, includeSearch: false }}>
                  <Icon name={ICONS[page]} />
                  {names[page]}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main className={css["main"]} aria-label={name}>
        {here && mine.includes(here) ? <Outlet /> : <Refused first={mine[0]} />}
      </main>
    </div>
  );
}

function Refused({ first }: { first: AdminPage | undefined }) {
  const { t } = useLingui();
  return (
    <>
      <h1 className="visually-hidden">{t`Administration`}</h1>
      <Empty icon="lock" title={t`This page is not for you`}>
        {first ? <Link to={ADDRESSES[first]}><Trans>To what you may see</Trans></Link> : <Trans>Ask an administrator for a role that allows it.</Trans>}
      </Empty>
    </>
  );
}
