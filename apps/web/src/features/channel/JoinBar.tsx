import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import type { Channel } from "~/api/types";
import { Button } from "~/ui/Button";
import css from "./JoinBar.module.css";
import { joinChannel } from "./membership";

/** Stands where the composer would be when nothing can be written. */
export function JoinBar({ channel }: { channel: Channel }) {
  const [busy, setBusy] = useState(false);
  const join = async () => {
    setBusy(true);
    await joinChannel(channel.id);
    setBusy(false);
  };
  return (
    <div className={css["bar"]}>
      {channel.archived ? (
        <p><Trans>This channel is archived. It can be read, but not written to.</Trans></p>
      ) : (
        <>
          <p><Trans>You are looking at a channel that you have not joined.</Trans></p>
          <Button tone="primary" busy={busy} onClick={() => void join()}><Trans>Join channel</Trans></Button>
        </>
      )}
    </div>
  );
}
