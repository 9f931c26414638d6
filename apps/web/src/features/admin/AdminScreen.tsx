import { Trans, useLingui } from "@lingui/react/macro";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, type ComponentType } from "react";
import { useMe, useWorkspace } from "~/state/workspace";
import { Empty } from "~/ui/Empty";
import { Icon, type IconName } from "~/ui/Icon";
import css from "./AdminScreen.module.css";
import { About } from "./About";
import { Cache } from "./Cache";
import { Config } from "./Config";
import { Logs } from "./Logs";
import { Metrics } from "./Metrics";
import { Overview } from "./Overview";
import { PageLink } from "./PageLink";
import { NEEDS, type AdminPage } from "./permissions";
import { Supervisor } from "./Supervisor";
import { useAdminWords } from "./words";

/** The console of those who run the server. While the way to the sign-in page is loading, nothing of it may be shown any more. */
export function AdminScreen() {
  const ready = useWorkspace((state) => state.phase === "ready");
  const worded = useAdminWords();
  return ready && worded ? <Console /> : null;
}

const SHOWN: Record<AdminPage, ComponentType> = { overview: Overview, supervisor: Supervisor, metrics: Metrics, config: Config, cache: Cache, logs: Logs, about: About };
const ICONS: Record<AdminPage, IconName> = { overview: "server", supervisor: "retry", metrics: "history", config: "settings", cache: "archive", logs: "menu", about: "star" };
const PAGES = Object.keys(NEEDS) as AdminPage[];

/** The page that an address names: what stands behind `/admin/`. */
const pageOf = (pathname: string): AdminPage | undefined => {
  const name = pathname.replace(/^\/admin\/?/, "").replace(/\/$/, "") || "overview";
  return PAGES.find((page) => page === name);
};

function Console() {
  const { t } = useLingui();
  const { permissions } = useMe();
  const { pathname } = useLocation();
  const names: Record<AdminPage, string> = { overview: t`Overview`, supervisor: t`Supervision`, metrics: t`Metrics`, config: t`Configuration`, cache: t`Cache`, logs: t`Logs`, about: t`About` };
  const mine = PAGES.filter((page) => permissions.includes(NEEDS[page]));
  const here = pageOf(pathname);
  const name = here ? names[here] : t`Administration`;
  const Shown = here && mine.includes(here) ? SHOWN[here] : undefined;
  const pages = useRef<HTMLUListElement>(null);
  // where there is little room, the row of pages is wider than the screen
  useEffect(() => {
    pages.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [here]);
  useEffect(() => {
    document.title = `${name} · PlexiChat`;
  }, [name]);
  return (
    <div className={css["shell"]}>
      <header className={css["side"]}>
        <Link to="/" className={css["back"]}><Icon name="back" size={16} /><Trans>Conversations</Trans></Link>
        <p className={css["title"]}><Trans>Administration</Trans></p>
        <nav aria-label={t`Administration`}>
          <ul ref={pages} className={css["pages"]}>
            {mine.map((page) => (
              <li key={page}>
                <PageLink page={page} className={css["page"]}>
                  <Icon name={ICONS[page]} />
                  {names[page]}
                </PageLink>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main className={css["main"]} aria-label={name}>
        {Shown ? <Shown /> : <Refused first={mine[0]} />}
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
        {first ? <PageLink page={first}><Trans>To what you may see</Trans></PageLink> : <Trans>Ask an administrator for a role that allows it.</Trans>}
      </Empty>
    </>
  );
}
