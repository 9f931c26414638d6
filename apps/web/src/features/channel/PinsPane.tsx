import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { channels } from "~/api/operations";
import type { Channel } from "~/api/types";
import { MessageCard } from "~/features/messages/MessageCard";
import { Empty, Spinner } from "~/ui/Empty";
import { Pane } from "~/ui/Pane";
import css from "./Panes.module.css";

export function PinsPane({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const pins = useQuery({ queryKey: ["pins", channel.id], queryFn: () => channels.pins(channel.id) });
  // Every event of the channel may have changed what is pinned; asking again is cheap and happens only while this is open.
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["pins", channel.id] });
  }, [queries, channel.id, channel.last_seq]);
  return (
    <Pane title={t`Pinned messages`} onClose={onClose}>
      <div className={css["scroll"]}>
        {pins.isPending && <Spinner label={t`Loading`} />}
        {pins.data?.items.length === 0 && (
          <Empty icon="pin" title={t`Nothing is pinned`}><Trans>Pin what everybody should find again, from a message's menu.</Trans></Empty>
        )}
        <ul className={css["cards"]}>
          {pins.data?.items.map((message) => <li key={message.id}><MessageCard message={message} /></li>)}
        </ul>
      </div>
    </Pane>
  );
}
