import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { auth } from "~/api/operations";
import { Button } from "~/ui/Button";
import { Spinner } from "~/ui/Empty";
import { FormError } from "~/ui/Field";
import { AccountFields, type AccountEntries } from "./AccountFields";
import { AuthPage } from "./AuthPage";
import css from "./AuthPage.module.css";
import { fragment, keepLanguage, useEntry } from "./useEntry";

export function Join() {
  const { t } = useLingui();
  const [code] = useState(() => fragment("code"));
  const [account, setAccount] = useState<AccountEntries>({ name: "", display_name: "", password: "" });
  const { busy, error, message, enter } = useEntry();
  const invitation = useQuery({ queryKey: ["invitation", code], queryFn: () => auth.invitation(code), retry: false, enabled: code !== "" });

  if (!code || invitation.isError) {
    return (
      <AuthPage title={t`This invitation is not valid`} lead={t`It may have run out or been used up. Ask for a new link.`}>
        <p><Link to="/sign-in"><Trans>To the sign-in page</Trans></Link></p>
      </AuthPage>
    );
  }
  if (!invitation.data) return <AuthPage title={t`Join`}><Spinner label={t`Loading`} /></AuthPage>;
  const space = invitation.data.space_name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter(() => auth.register({ code, ...account }).then(keepLanguage));
  };
  return (
    <AuthPage title={t`Join ${space}`} lead={t`Make your account to talk with the team.`}>
      <form onSubmit={submit}>
        {message && <FormError>{message}</FormError>}
        <AccountFields value={account} onChange={setAccount} error={error} autoFocus />
        <Button type="submit" tone="primary" className={css["submit"]} busy={busy}><Trans>Join</Trans></Button>
      </form>
      <p className={css["foot"]}><Trans>Already have an account? <Link to="/sign-in">Sign in</Link></Trans></p>
    </AuthPage>
  );
}
