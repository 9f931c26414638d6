import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { auth } from "~/api/operations";
import { fieldError } from "~/i18n/problems";
import { Button } from "~/ui/Button";
import { Field, FormError } from "~/ui/Field";
import { AccountFields, type AccountEntries } from "./AccountFields";
import { AuthPage } from "./AuthPage";
import css from "./AuthPage.module.css";
import { fragment, keepLanguage, useEntry } from "./useEntry";

export function Setup() {
  const { t } = useLingui();
  const [token] = useState(() => fragment("token"));
  const [space, setSpace] = useState("");
  const [account, setAccount] = useState<AccountEntries>({ name: "", display_name: "", password: "" });
  const { busy, error, message, enter } = useEntry();
  const setup = useQuery({ queryKey: ["setup-open"], queryFn: auth.setupOpen, retry: false });

  if (setup.data && !setup.data.open && !busy) {
    return (
      <AuthPage title={t`Already set up`} lead={t`This server has its administrator. You can sign in.`}>
        <p><Link to="/sign-in"><Trans>To the sign-in page</Trans></Link></p>
      </AuthPage>
    );
  }
  if (!token) {
    return (
      <AuthPage title={t`The set-up link is incomplete`} lead={t`Open the whole link that the server printed when it started, with everything after the # sign.`}>
        {null}
      </AuthPage>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter(() => auth.setup({ token, space_name: space.trim(), ...account }).then(keepLanguage));
  };
  return (
    <AuthPage title={t`Set up PlexiChat`} lead={t`Name your team's space and make the first account. It administers this server.`}>
      <form onSubmit={submit}>
        {message && <FormError>{message}</FormError>}
        <Field label={t`Name of the space`} hint={t`Your team or company, for example.`} autoComplete="organization" autoFocus required maxLength={64} value={space} error={fieldError(error, "space_name")} onChange={(event) => setSpace(event.target.value)} />
        <AccountFields value={account} onChange={setAccount} error={error} />
        <Button type="submit" tone="primary" className={css["submit"]} busy={busy}><Trans>Set up and sign in</Trans></Button>
      </form>
    </AuthPage>
  );
}
