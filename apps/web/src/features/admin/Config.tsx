import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { admin } from "~/api/admin";
import { ApiError } from "~/api/client";
import type { ConfigEdited, Configured } from "~/api/types";
import { errorWords, fieldWords } from "~/i18n/problems";
import type { ConsoleSearch } from "~/routes/router";
import { Button } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { Field } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import css from "./Config.module.css";
import { ConfigHistory } from "./ConfigHistory";
import { ConfigRow } from "./ConfigRow";
import { ConfigReview } from "./ConfigReview";
import { isSame, sections, type Changes } from "./configValues";
import { Awaited, Lead, Page } from "./Page";

export const CONFIG = ["admin", "config"];

/** The configuration: every key with its value and where that comes from, and changes of the file. */
export function Config() {
  const { t } = useLingui();
  const [history, setHistory] = useState(false);
  const config = useQuery({ queryKey: CONFIG, queryFn: ({ signal }) => admin.config(signal) });
  return (
    <Page title={t`Configuration`} tools={<Button icon="history" onClick={() => setHistory(true)}><Trans>History</Trans></Button>}>
      <Awaited of={config}>
        {(now) => (
          <>
            <Lead>
              <Trans>What the server was told to do, by which file, variable or option. Changes are written into the configuration file, whose comments stay.</Trans>
              {now.file && <> <Trans>It is <code>{now.file}</code> on the server's machine.</Trans></>}
            </Lead>
            <Keys now={now} />
            <ConfigHistory open={history} version={now.version} onClose={() => setHistory(false)} />
          </>
        )}
      </Awaited>
    </Page>
  );
}

function Keys({ now }: { now: Configured }) {
  const { t } = useLingui();
  const search: ConsoleSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const [typed, setTyped] = useState(typeof search.text === "string" ? search.text : "");
  const found = sections(now.items, useDeferredValue(typed));
  const { changes, change, problems, review, checked, leave, saved, checking } = useChanges(now);
  const count = Object.keys(changes).length;
  return (
    <>
      <Field
        label={t`Search`}
        type="search"
        className={css["search"]}
        maxLength={100}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          void navigate({ to: "/admin/$", params: { _splat: "config" }, search: { text: event.target.value || undefined } as ConsoleSearch, replace: true });
        }}
      />
      <p className="visually-hidden" role="status"><Plural value={found.reduce((sum, [, keys]) => sum + keys.length, 0)} one="# key found" other="# keys found" /></p>
      {found.length === 0 && <Empty icon="search" title={t`No key fits`} />}
      {found.map(([section, keys]) => (
        <section key={section} className={css["section"]} aria-labelledby={`section-${section}`}>
          <h2 id={`section-${section}`} className={css["heading"]}>{section || t`General`}</h2>
          <ul className={css["keys"]}>
            {keys.map((item) => (
              <ConfigRow key={item.key} item={item} problem={problems[item.key]} changed={item.key in changes} to={changes[item.key]} onChange={(value) => change(item, value)} />
            ))}
          </ul>
        </section>
      ))}
      {count > 0 && (
        <div className={css["bar"]} role="region" aria-label={t`Changes that are not saved`}>
          <p className={css["count"]}><Plural value={count} one="# change is not saved" other="# changes are not saved" /></p>
          <Button onClick={leave}><Trans>Discard</Trans></Button>
          <Button tone="primary" busy={checking} onClick={review}><Trans>Review and save</Trans></Button>
        </div>
      )}
      {checked && <ConfigReview would={checked} version={now.version} changes={changes} onClose={() => saved(false)} onSaved={() => saved(true)} />}
    </>
  );
}

/** What is to be changed, what the server finds wrong with it, and what it would do. */
function useChanges(now: Configured) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [changes, setChanges] = useState<Changes>({});
  const [problems, setProblems] = useState<Record<string, string>>({});
  const [checked, setChecked] = useState<ConfigEdited>();
  const check = useMutation({
    mutationFn: () => admin.checkConfig(now.version, changes),
    onSuccess: (would) => {
      setProblems({});
      if (would.changes.length === 0) toast(t`Nothing would be different`);
      else setChecked(would);
    },
    onError: (error) => {
      const fields = error instanceof ApiError ? (error.problem?.details?.fields ?? []) : [];
      setProblems(Object.fromEntries(fields.map(({ field, problem }) => [field, problem])));
      toast(fields.length > 0 ? fields.map(({ field, problem }) => `${field}: ${fieldWords(problem)}`).join(" ") : errorWords(error));
      if (error instanceof ApiError && error.status === 409) void queries.invalidateQueries({ queryKey: CONFIG });
    },
  });
  return {
    changes,
    problems,
    checked,
    checking: check.isPending,
    change: (item: Configured["items"][number], value: unknown) => {
      setProblems(({ [item.key]: _, ...rest }) => rest);
      setChanges(({ [item.key]: _, ...rest }) => (value === undefined || isSame(value, item.value) ? rest : { ...rest, [item.key]: value }));
    },
    review: () => check.mutate(),
    leave: () => {
      setChanges({});
      setProblems({});
    },
    saved: (done: boolean) => {
      setChecked(undefined);
      if (done) setChanges({});
    },
  };
}
