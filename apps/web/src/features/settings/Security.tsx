import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { ApiError } from "~/api/client";
import { shownDevice } from "~/api/device";
import { auth } from "~/api/operations";
import { shortDateTimeOf } from "~/i18n/format";
import { errorWords, fieldError, formError } from "~/i18n/problems";
import { Button } from "~/ui/Button";
import { Spinner } from "~/ui/Empty";
import { Field, FormError } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import css from "./Preferences.module.css";

export function Security() {
  return (
    <>
      <Password />
      <Sessions />
    </>
  );
}

function Password() {
  const { t } = useLingui();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => auth.changePassword(current, next),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      toast(t`The password is changed. Other devices are signed out.`);
    },
  });
  const wrong = change.error instanceof ApiError && (change.error.status === 401 || change.error.status === 403);
  const problem = wrong ? t`The present password is wrong.` : formError(change.error, "current", "new");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form onSubmit={submit}>
      <h3><Trans>Password</Trans></h3>
      {problem && <FormError>{problem}</FormError>}
      <Field label={t`Present password`} type="password" autoComplete="current-password" required value={current} error={fieldError(change.error, "current")} onChange={(event) => setCurrent(event.target.value)} />
      <Field label={t`New password`} hint={t`At least 15 characters.`} type="password" autoComplete="new-password" required minLength={15} maxLength={256} value={next} error={fieldError(change.error, "new")} onChange={(event) => setNext(event.target.value)} />
      <Button type="submit" tone="primary" className={css["save"]} busy={change.isPending}><Trans>Change password</Trans></Button>
    </form>
  );
}

function Sessions() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const sessions = useQuery({ queryKey: ["sessions"], queryFn: auth.sessions });
  const refresh = () => queries.invalidateQueries({ queryKey: ["sessions"] });
  const fail = (error: unknown) => toast(errorWords(error));
  const end = useMutation({ mutationFn: auth.endSession, onSettled: refresh, onError: fail });
  const endOthers = useMutation({ mutationFn: auth.endOtherSessions, onSettled: refresh, onError: fail });
  return (
    <>
      <h3><Trans>Where you are signed in</Trans></h3>
      {sessions.isPending && <Spinner label={t`Loading`} />}
      <ul className={css["sessions"]}>
        {sessions.data?.items.map((session) => {
          const seen = shortDateTimeOf(session.last_seen_at);
          return (
            <li key={session.id} className={css["session"]}>
              <div>
                <b>{shownDevice(session.device) || t`Unnamed device`}</b>
                <p className={css["note"]}>{session.current ? <Trans>This device</Trans> : <Trans>Last seen {seen}</Trans>}</p>
              </div>
              {!session.current && <Button onClick={() => end.mutate(session.id)}><Trans>Sign out</Trans></Button>}
            </li>
          );
        })}
      </ul>
      {(sessions.data?.items.length ?? 0) > 1 && (
        <Button tone="danger" className={css["save"]} busy={endOthers.isPending} onClick={() => endOthers.mutate()}><Trans>Sign out everywhere else</Trans></Button>
      )}
    </>
  );
}
