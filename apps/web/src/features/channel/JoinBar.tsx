import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import type { Channel } from "~/api/types";
import { Button } from "~/ui/Button";
import css from "./JoinBar.module.css";
import { joinChannel } from "./membership";
import type { NoWriting } from "./writing";

/** Stands where the composer would be when nothing can be written. */
export function JoinBar({ channel, reason }: { channel: Channel; reason: NoWriting }) {
  const [busy, setBusy] = useState(false);
  const join = async () => {
    setBusy(true);
    await joinChannel(channel.id);
    setBusy(false);
  };
  return (
    <div className={css["bar"]}>
      {reason === "space-archived" && <p><Trans>This space is archived. Its channels can be read, but not written to.</Trans></p>}
      {reason === "archived" && <p><Trans>This channel is archived. It can be read, but not written to.</Trans></p>}
      {reason === "not-allowed" && <p><Trans>You can read this channel, but not write to it.</Trans></p>}
      {reason === "not-joined" && (
        <>
          <p><Trans>You are looking at a channel that you have not joined.</Trans></p>
          <Button tone="primary" busy={busy} onClick={() => void join()}><Trans>Join channel</Trans></Button>
        </>
      )}
    </div>
  );
}
