import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { admin } from "~/api/admin";
import type { Health, ServerStatus } from "~/api/types";
import { numberOf, shortDateTimeOf } from "~/i18n/format";
import { useMe } from "~/state/workspace";
import { cx } from "~/ui/classes";
import { Icon } from "~/ui/Icon";
import css from "./Overview.module.css";
import { LogLines } from "./LogLines";
import { Awaited, Page } from "./Page";
import { PageLink } from "./PageLink";
import { NEEDS } from "./permissions";
import { rateBetween } from "./rates";
import { spanOf } from "./units";
import { useParts } from "./useParts";

const EVERY = 5_000;

/** How the server does, at a glance. */
export function Overview() {
  const { t } = useLingui();
  const { permissions } = useMe();
  const status = useQuery({ queryKey: ["admin", "status"], queryFn: ({ signal }) => admin.status(signal), refetchInterval: EVERY });
  const health = useQuery({ queryKey: ["admin", "health"], queryFn: ({ signal }) => admin.health(signal), refetchInterval: EVERY });
  return (
    <Page title={t`Overview`}>
      <Awaited of={status}>
        {(now) => (
          <>
            <dl className={css["cards"]}>
              <Serving health={health.data} failed={health.isError} />
              {permissions.includes(NEEDS.supervisor) && <Supervised />}
              <Running status={now} />
              <Load status={now} />
            </dl>
            {permissions.includes(NEEDS.logs) && <Troubles />}
            <h2 className={css["heading"]}><Trans>What is stored</Trans></h2>
            <Stored counts={now.counts} />
          </>
        )}
      </Awaited>
    </Page>
  );
}

function Card({ name, value, tone, children }: { name: string; value: ReactNode; tone?: "ok" | "bad" | undefined; children?: ReactNode }) {
  return (
    <div className={css["card"]}>
      <dt className={css["label"]}>{name}</dt>
      <dd className={cx(css["value"], tone && css[tone])}>
        {tone && <Icon name={tone === "ok" ? "check" : "warning"} size={18} />}
        <span>{value}</span>
      </dd>
      {children && <dd className={css["note"]}>{children}</dd>}
    </div>
  );
}

function Serving({ health, failed }: { health: Health | undefined; failed: boolean }) {
  const { t } = useLingui();
  const ready = health?.status === "ok" && !failed;
  const broken = Object.entries(health?.checks ?? {}).filter(([, state]) => state !== "ok").map(([name]) => name).join(", ");
  if (!health && !failed) return <Card name={t`Health`} value="…" />;
  return (
    <Card name={t`Health`} value={ready ? t`Ready` : t`Not ready`} tone={ready ? "ok" : "bad"}>
      {ready ? <Trans>All checks pass.</Trans> : broken ? <Trans>Not in order: {broken}</Trans> : <Trans>The server does not answer.</Trans>}
    </Card>
  );
}

function Supervised() {
  const { t } = useLingui();
  const parts = useParts();
  const list = parts.data?.items;
  if (parts.isError) return <Card name={t`Supervision`} value={t`Unknown`}><Trans>The state of the parts cannot be read.</Trans></Card>;
  if (!list) return <Card name={t`Supervision`} value="…" />;
  const troubled = list.filter((part) => part.state === "backoff" || part.state === "stuck").length;
  const restarts = list.reduce((sum, part) => sum + part.restarts, 0);
  return (
    <Card name={t`Supervision`} value={troubled === 0 ? t`All parts run` : t`${numberOf(troubled)} in trouble`} tone={troubled === 0 ? "ok" : "bad"}>
      <PageLink page="supervisor"><Trans>Restarts since the start: {numberOf(restarts)}</Trans></PageLink>
    </Card>
  );
}

function Running({ status }: { status: ServerStatus }) {
  const { t } = useLingui();
  const since = shortDateTimeOf(status.started_at);
  return (
    <Card name={t`Running for`} value={spanOf(status.uptime_seconds)}><Trans>Version {status.version}, since {since}</Trans></Card>
  );
}

function Load({ status }: { status: ServerStatus }) {
  const { t } = useLingui();
  const rate = useRate(status);
  const people = numberOf(status.users_connected);
  return (
    <>
      <Card name={t`Live connections`} value={numberOf(status.connections)}><Trans>People connected: {people}</Trans></Card>
      <Card name={t`Requests`} value={numberOf(status.requests)}>
        {rate === undefined ? <Trans>Counting how many a second</Trans> : <Trans>{numberOf(rate)} a second of late</Trans>}
      </Card>
    </>
  );
}

/** Requests a second between the last two looks. */
function useRate(status: ServerStatus): number | undefined {
  const before = useRef(status);
  const [rate, setRate] = useState<number>();
  useEffect(() => {
    const found = rateBetween(before.current, status);
    if (found === undefined && before.current.started_at === status.started_at) return;
    before.current = status;
    setRate(found);
  }, [status]);
  return rate;
}

const TROUBLES = { tail_kb: 1024, lines: 5, level: "warn" } as const;

/** The latest of what the log says should be looked at. */
function Troubles() {
  const { t } = useLingui();
  const found = useQuery({
    queryKey: ["admin", "troubles"],
    queryFn: async ({ signal }) => {
      const files = await admin.logFiles(signal);
      const current = files.items.find((file) => file.kind === "current" && !file.plugin);
      return current ? (await admin.log({ file: current.name, ...TROUBLES }, signal)).items : [];
    },
    refetchInterval: EVERY,
  });
  return (
    <section aria-label={t`Latest warnings and errors`}>
      <h2 className={css["heading"]}><Trans>Latest warnings and errors</Trans></h2>
      <Awaited of={found} quiet>
        {(lines) =>
          lines.length === 0 ? (
            <p className={css["note"]}><Trans>None of late.</Trans></p>
          ) : (
            <>
              <LogLines lines={lines} brief />
              <p className={css["note"]}><PageLink page="logs" search={{ level: TROUBLES.level }}><Trans>Show all</Trans></PageLink></p>
            </>
          )
        }
      </Awaited>
    </section>
  );
}

function Stored({ counts }: { counts: Record<string, number> }) {
  const { t } = useLingui();
  const names: [key: string, name: string][] = [["users", t`Accounts`], ["spaces", t`Spaces`], ["channels", t`Channels and conversations`], ["messages", t`Messages`], ["sessions", t`Sessions`]];
  const known = names.flatMap(([key, name]) => (counts[key] === undefined ? [] : [{ key, name, count: counts[key] }]));
  return (
    <dl className={css["cards"]}>
      {known.map(({ key, name, count }) => <Card key={key} name={name} value={numberOf(count)} />)}
    </dl>
  );
}
