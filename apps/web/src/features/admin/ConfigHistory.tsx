import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { admin } from "~/api/admin";
import type { ConfigApplied } from "~/api/types";
import { numberOf, shortDateTimeOf } from "~/i18n/format";
import { errorWords } from "~/i18n/problems";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { Dialog } from "~/ui/Dialog";
import { FormError } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import css from "./Config.module.css";
import { Differences } from "./ConfigReview";
import { Awaited } from "./Page";

/** The configurations before, each with what has changed since, and a way back to it. */
export function ConfigHistory({ open, version, onClose }: { open: boolean; version: number; onClose: () => void }) {
  const { t } = useLingui();
  const history = useQuery({ queryKey: ["admin", "config", "history", version], queryFn: ({ signal }) => admin.configHistory(signal), enabled: open });
  return (
    <Dialog open={open} onClose={onClose} size="large" title={t`Earlier configurations`} description={t`Each configuration that was applied is kept, the last 50.`}>
      <Awaited of={history}>
        {({ items }) => (
          <ul className={css["versions"]}>
            {items.map((one) => <Version key={one.number} one={one} version={version} onBack={onClose} />)}
          </ul>
        )}
      </Awaited>
    </Dialog>
  );
}

function Version({ one, version, onBack }: { one: ConfigApplied; version: number; onBack: () => void }) {
  const [open, setOpen] = useState(false);
  const number = numberOf(one.number);
  return (
    <li>
      <details className={css["version"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className={css["number"]}><Trans>Version {number}</Trans></span>
          <time dateTime={one.applied_at}>{shortDateTimeOf(one.applied_at)}</time>
          {one.number === version && <span className={css["mark"]}><Trans>the present one</Trans></span>}
        </summary>
        {open && <Since number={one.number} version={version} onBack={onBack} />}
      </details>
    </li>
  );
}

/** What has changed since a version, and the way back. */
function Since({ number, version, onBack }: { number: number; version: number; onBack: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const compared = useQuery({ queryKey: ["admin", "config", "compared", number, version], queryFn: ({ signal }) => admin.compareConfig(number, signal) });
  const back = useMutation({
    mutationFn: () => admin.rollBackConfig(number, version),
    onSuccess: () => {
      toast(t`The configuration is as in version ${numberOf(number)}`);
      onBack();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <Awaited of={compared}>
      {({ changes }) =>
        changes.length === 0 ? (
          <p className={css["meaning"]}><Trans>Nothing has changed since.</Trans></p>
        ) : (
          <>
            <Differences changes={changes} />
            {back.isError && <FormError>{errorWords(back.error)}</FormError>}
            {number !== version && (
              <ConfirmButton icon="history" className={css["back"]} question={t`Really put back?`} busy={back.isPending} onConfirm={() => back.mutate()}><Trans>Put this one back</Trans></ConfirmButton>
            )}
          </>
        )
      }
    </Awaited>
  );
}
