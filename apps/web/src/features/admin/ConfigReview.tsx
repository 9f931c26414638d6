import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { admin } from "~/api/admin";
import type { ConfigChange, ConfigEdited } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { Button } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { FormError } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import css from "./Config.module.css";
import { shownConfig, type Changes } from "./configValues";
import { Cell, Row, Table, type Column } from "./Table";

/** What saving would do, before it is done. */
export function ConfigReview({ would, version, changes, onClose, onSaved }: { would: ConfigEdited; version: number; changes: Changes; onClose: () => void; onSaved: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => admin.saveConfig(version, changes),
    onSuccess: () => {
      toast(t`The configuration is saved`);
      onSaved();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <Dialog open onClose={onClose} size="large" title={t`Save these changes?`}>
      <Differences changes={would.changes} waiting={would.needs_restart} />
      {save.isError && <FormError>{errorWords(save.error)}</FormError>}
      <DialogActions>
        <Button onClick={onClose}><Trans>Not yet</Trans></Button>
        <Button tone="primary" busy={save.isPending} onClick={() => save.mutate()}><Trans>Save</Trans></Button>
      </DialogActions>
    </Dialog>
  );
}

/** What differs between two configurations. */
export function Differences({ changes, waiting = [] }: { changes: ConfigChange[]; waiting?: string[] }) {
  const { t } = useLingui();
  const columns: Column[] = [{ name: t`Key` }, { name: t`Before` }, { name: t`After` }];
  const side = (value: unknown) => (value === null || value === undefined ? <span className={css["none"]}><Trans>not set</Trans></span> : shownConfig(value) || t`empty`);
  return (
    <Table label={t`What differs`} columns={columns}>
      {changes.map(({ key, before, after }) => (
        <Row
          key={key}
          name={key}
          title={
            <>
              <span className={css["name"]}>{key}</span>
              {waiting.includes(key) && <span className={css["later"]}><Trans>at the next start</Trans></span>}
            </>
          }
        >
          <Cell of={columns[1]} className={css["side"]}>{side(before)}</Cell>
          <Cell of={columns[2]} className={css["side"]}>{side(after)}</Cell>
        </Row>
      ))}
    </Table>
  );
}
