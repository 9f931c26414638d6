import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { admin } from "~/api/admin";
import { dateTimeOf } from "~/i18n/format";
import { Icon } from "~/ui/Icon";
import css from "./About.module.css";
import { Awaited, Lead, Page } from "./Page";
import { spanOf } from "./units";

/** What runs here, exactly, and all of it in one file for somebody who is to help. */
export function About() {
  const { t } = useLingui();
  const about = useQuery({ queryKey: ["admin", "about"], queryFn: ({ signal }) => admin.about(signal) });
  return (
    <Page title={t`About`}>
      <Awaited of={about}>
        {(now) => (
          <dl className={css["facts"]}>
            <Fact name={t`Version`} value={`PlexiChat ${now.version}`} />
            <Fact name={t`Build`} value={now.build} />
            <Fact name={t`Platform`} value={`${now.system}, ${now.processor}`} />
            <Fact name={t`Licence`} value={now.licence} />
            <Fact name={t`Started`} value={dateTimeOf(now.started_at)} />
            <Fact name={t`Running for`} value={spanOf(now.uptime_seconds)} />
          </dl>
        )}
      </Awaited>
      <section className={css["bundle"]} aria-labelledby="diagnostics">
        <h2 id="diagnostics" className={css["heading"]}><Trans>Diagnostics</Trans></h2>
        <Lead><Trans>One archive of what helps to find a fault: configuration, checks, parts, figures, and the end of the log. No secret is in it; what people did may be. Look it through before you send it.</Trans></Lead>
        <a className={css["download"]} href="/api/v1/admin/diagnostics" download><Icon name="archive" size={16} /><Trans>Save the diagnostics</Trans></a>
      </section>
    </Page>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className={css["fact"]}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
