import { Trans, useLingui } from "@lingui/react/macro";
import { openDialog, uiStore } from "~/state/ui";
import { Button, IconButton } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import css from "./Welcome.module.css";

/** What is shown to somebody who is in no conversation yet. */
export function Welcome() {
  const { t } = useLingui();
  return (
    <main id="main" className={css["welcome"]}>
      <IconButton className={css["menu"]} icon="menu" label={t`Conversations`} onClick={() => uiStore.set({ drawer: true })} />
      <Empty icon="thread" title={t`No conversation is open`}>
        <p><Trans>Choose one on the side, or find a channel to join.</Trans></p>
        <p className={css["actions"]}>
          <Button onClick={() => openDialog({ kind: "browse" })}><Trans>Browse channels</Trans></Button>
          <Button onClick={() => openDialog({ kind: "new-direct" })}><Trans>Message somebody</Trans></Button>
        </p>
      </Empty>
    </main>
  );
}
