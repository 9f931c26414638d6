import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useSearch } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { auth } from "~/api/operations";
import { useWorkspace } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { Field, FormError } from "~/ui/Field";
import { AuthPage } from "./AuthPage";
import css from "./AuthPage.module.css";
import { useEntry } from "./useEntry";

export function SignIn() {
  const { t } = useLingui();
  const { to } = useSearch({ from: "/sign-in" });
  const phase = useWorkspace((state) => state.phase);
  const ended = useWorkspace((state) => state.ended);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { busy, message, enter } = useEntry();
  const setup = useQuery({ queryKey: ["setup-open"], queryFn: auth.setupOpen, retry: false });

  if (phase === "ready" && !busy) return <Navigate to={to ?? "/"} replace />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter(() => auth.signIn(name.trim(), password), to ?? "/");
  };
  return (
    <AuthPage title={t`Sign in to PlexiChat`}>
      <form onSubmit={submit}>
        {ended && !message && <p className={css["note"]} role="status"><Trans>Your session has ended. Sign in again; what you had not sent is kept on this device.</Trans></p>}
        {message && <FormError>{message}</FormError>}
        <Field label={t`Name`} autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus required value={name} onChange={(event) => setName(event.target.value)} />
        <Field label={t`Password`} type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        <Button type="submit" tone="primary" className={css["submit"]} busy={busy}><Trans>Sign in</Trans></Button>
      </form>
      <p className={css["foot"]}>
        {setup.data?.open ? (
          <Trans>This server is not set up yet. Open the set-up link that it printed when it started.</Trans>
        ) : (
          <Trans>No account yet? Ask somebody in your team for an invitation link.</Trans>
        )}
      </p>
    </AuthPage>
  );
}
