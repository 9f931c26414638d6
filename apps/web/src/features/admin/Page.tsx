import { Trans, useLingui } from "@lingui/react/macro";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { errorWords } from "~/i18n/problems";
import { Button } from "~/ui/Button";
import { Empty, Spinner } from "~/ui/Empty";
import css from "./Page.module.css";

/** A page of the console: its name, and what can be done with the whole of it. */
export function Page({ title, tools, children }: { title: string; tools?: ReactNode; children: ReactNode }) {
  return (
    <>
      <div className={css["head"]}>
        <h1 className={css["name"]}>{title}</h1>
        {tools}
      </div>
      {children}
    </>
  );
}

/** What a page is about, below its name. */
export function Lead({ children }: { children: ReactNode }) {
  return <p className={css["lead"]}>{children}</p>;
}

/** Stands where something asked of the server will be, and says so when it could not be had. Quiet where the page says already that it is old. */
export function Awaited<T>({ of, quiet, children }: { of: UseQueryResult<T>; quiet?: boolean; children: (data: T) => ReactNode }) {
  const { t } = useLingui();
  if (of.data !== undefined) {
    return (
      <>
        {of.isError && !quiet && <p className={css["stale"]} role="status"><Trans>What is shown may be old:</Trans> {errorWords(of.error)}</p>}
        {children(of.data)}
      </>
    );
  }
  if (!of.isError) return <Spinner label={t`Loading`} />;
  return (
    <Empty icon="warning" title={errorWords(of.error)}>
      <Button onClick={() => void of.refetch()}><Trans>Try again</Trans></Button>
    </Empty>
  );
}
