import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { users } from "~/api/operations";
import type { Body, ManagedUser } from "~/api/types";
import css from "~/features/channel/Forms.module.css";
import { shortDateTimeOf } from "~/i18n/format";
import { errorWords, fieldError, formError } from "~/i18n/problems";
import { openDialog } from "~/state/ui";
import { putUsers, useMe } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Button } from "~/ui/Button";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { Dialog } from "~/ui/Dialog";
import { Spinner } from "~/ui/Empty";
import { Field, FormError } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import personCss from "./Person.module.css";
import { RoleChoice } from "./RoleChoice";
import { useRoleName } from "./useRoleName";
import { useUserNote } from "./useUserNote";

/** One account: its role on this server, whether it can sign in, and a new password for who forgot theirs. */
export function AccountSettings({ userId, onClose }: { userId: string; onClose: () => void }) {
  const { t } = useLingui();
  const account = useQuery({ queryKey: ["account", userId], queryFn: () => users.account(userId) });
  return (
    <Dialog open onClose={onClose} title={t`Account`}>
      <div className={css["back"]}>
        <Button tone="quiet" icon="back" onClick={() => openDialog({ kind: "accounts" })}><Trans>All accounts</Trans></Button>
      </div>
      {account.isPending && <Spinner label={t`Loading`} />}
      {account.isError && <FormError>{errorWords(account.error)}</FormError>}
      {account.data && <Settings account={account.data} />}
    </Dialog>
  );
}

function useUpdate(id: string) {
  const { t } = useLingui();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"users_update">) => users.update(id, body),
    onSuccess: (user) => {
      putUsers([user]);
      toast(t`Saved`);
    },
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ["account", id] });
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
}

function Settings({ account }: { account: ManagedUser }) {
  const { t } = useLingui();
  const me = useMe();
  const note = useUserNote();
  const roleName = useRoleName();
  const update = useUpdate(account.id);
  const since = shortDateTimeOf(account.created_at);
  const own = account.id === me.id;
  const problem = formError(update.error);
  return (
    <>
      <div className={personCss["person"]}>
        <Avatar user={account} id={account.id} size={48} />
        <div>
          <p className={personCss["name"]} dir="auto">{account.display_name}</p>
          <p className={personCss["note"]}>{note(account)}</p>
          <p className={personCss["note"]}><Trans>Since {since}</Trans></p>
        </div>
      </div>
      {problem && <FormError>{problem}</FormError>}
      <section className={css["section"]}>
        <h3><Trans>Role on this server</Trans></h3>
        {me.permissions.includes("roles.manage") && !own ? (
          <RoleChoice scope="system" name={account.display_name} role={account.role} disabled={update.isPending} onChange={(role) => update.mutate({ role })} />
        ) : (
          <p>{roleName(account.role)}</p>
        )}
        {own && <p><Trans>Somebody else has to change your own role.</Trans></p>}
      </section>
      {!own && account.kind === "person" && (
        <>
          <NewPassword id={account.id} />
          <section className={css["section"]}>
            <h3><Trans>Signing in</Trans></h3>
            <p>{account.disabled ? <Trans>The account is deactivated and cannot sign in.</Trans> : <Trans>A deactivated account is signed out everywhere. What it wrote stays.</Trans>}</p>
            <div className={css["inline"]}>
              {account.disabled ? (
                <Button busy={update.isPending} onClick={() => update.mutate({ disabled: false })}><Trans>Activate</Trans></Button>
              ) : (
                <ConfirmButton question={t`Really deactivate?`} busy={update.isPending} onConfirm={() => update.mutate({ disabled: true })}><Trans>Deactivate</Trans></ConfirmButton>
              )}
            </div>
          </section>
        </>
      )}
    </>
  );
}

function NewPassword({ id }: { id: string }) {
  const { t } = useLingui();
  const [password, setPassword] = useState("");
  const update = useUpdate(id);
  const problem = formError(update.error, "password");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({ password }, { onSuccess: () => setPassword("") });
  };
  return (
    <section className={css["section"]}>
      <details>
        <summary><Trans>Set a new password</Trans></summary>
        <form onSubmit={submit}>
          {problem && <FormError>{problem}</FormError>}
          <Field label={t`New password`} hint={t`It signs the account out everywhere. Give it to the person in private.`} type="password" autoComplete="new-password" required minLength={15} maxLength={256} value={password} error={fieldError(update.error, "password")} onChange={(event) => setPassword(event.target.value)} />
          <div className={css["inline"]}>
            <Button type="submit" tone="primary" busy={update.isPending} disabled={!password}><Trans>Set password</Trans></Button>
          </div>
        </form>
      </details>
    </section>
  );
}
