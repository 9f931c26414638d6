import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { workspace } from "~/api/operations";
import formCss from "~/features/channel/Forms.module.css";
import { currentSpace } from "~/features/sidebar/order";
import { shortDateTimeOf } from "~/i18n/format";
import { errorWords } from "~/i18n/problems";
import { useUi } from "~/state/ui";
import { useWorkspace } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { copyText } from "~/ui/clipboard";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { Choice, FormError } from "~/ui/Field";

/** Makes a link with which people can join the space. */
export function Invite({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const spaces = useWorkspace((state) => state.spaces);
  const space = currentSpace(spaces, useUi((state) => state.space));
  const name = spaces.find((entry) => entry.id === space)?.name ?? "";
  const [role, setRole] = useState<"member" | "guest">("member");
  const [uses, setUses] = useState(10);
  const [hours, setHours] = useState(168);
  const make = useMutation({
    mutationFn: () => workspace.invite({ space_id: space ?? "", role, max_uses: uses, expires_in_hours: hours }),
  });
  const link = make.data?.code ? `${location.origin}/join#code=${encodeURIComponent(make.data.code)}` : "";
  const until = make.data ? shortDateTimeOf(make.data.expires_at) : "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t`Invite people to ${name}`} description={link ? <Trans>Send this link to those you invite. It is shown only once and works until {until}.</Trans> : <Trans>Make a link that you can send in any way you like.</Trans>}>
      {link ? (
        <>
          <code className={formCss["code"]} data-testid="invitation">{link}</code>
          <DialogActions>
            <Button onClick={onClose}><Trans>Done</Trans></Button>
            <Button tone="primary" icon="copy" onClick={() => void copyText(link, t`Link copied`)}><Trans>Copy link</Trans></Button>
          </DialogActions>
        </>
      ) : (
        <form onSubmit={submit}>
          {make.error && <FormError>{errorWords(make.error)}</FormError>}
          <Choice label={t`They join as`} value={role} onChange={(event) => setRole(event.target.value === "guest" ? "guest" : "member")}>
            <option value="member">{t`Members`}</option>
            <option value="guest">{t`Guests, who see only the channels they are added to`}</option>
          </Choice>
          <Choice label={t`How many can use it`} value={uses} onChange={(event) => setUses(Number(event.target.value))}>
            {[1, 10, 50, 200].map((count) => <option key={count} value={count}>{count}</option>)}
          </Choice>
          <Choice label={t`It works for`} value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            <option value={24}>{t`one day`}</option>
            <option value={168}>{t`one week`}</option>
            <option value={720}>{t`30 days`}</option>
          </Choice>
          <DialogActions>
            <Button onClick={onClose}><Trans>Cancel</Trans></Button>
            <Button type="submit" tone="primary" busy={make.isPending} disabled={!space}><Trans>Make link</Trans></Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}
