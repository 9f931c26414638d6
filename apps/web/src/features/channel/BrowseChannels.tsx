import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { channels } from "~/api/operations";
import type { Channel } from "~/api/types";
import { currentSpace } from "~/features/sidebar/order";
import { openDialog, useUi } from "~/state/ui";
import { putChannel, useWorkspace } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Empty, Spinner } from "~/ui/Empty";
import { Field } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { cx } from "~/ui/classes";
import css from "./Forms.module.css";
import { joinChannel, leaveChannel } from "./membership";
import { iconOf } from "./naming";

export function BrowseChannels({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const spaces = useWorkspace((state) => state.spaces);
  const mine = useWorkspace((state) => state.channels);
  const space = currentSpace(spaces, useUi((state) => state.space));
  const [filter, setFilter] = useState("");
  const [archived, setArchived] = useState(false);
  const q = useDeferredValue(filter.trim());
  const found = useInfiniteQuery({
    queryKey: ["browse", space, q, archived],
    queryFn: ({ pageParam }) => channels.browse(space ?? "", { q, archived, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    enabled: space !== null,
  });
  const list = found.data?.pages.flatMap((page) => page.items) ?? [];
  const open = (channel: Channel) => {
    if (!mine[channel.id]) putChannel(channel);
    onClose();
    void navigate({ to: "/c/$channelId", params: { channelId: channel.id } });
  };
  const change = async (channel: Channel, joined: boolean) => {
    if (joined) await leaveChannel(channel);
    else await joinChannel(channel.id);
    await queries.invalidateQueries({ queryKey: ["browse"] });
  };
  return (
    <Dialog open onClose={onClose} title={t`Channels`} size="medium">
      <Field label={t`Find a channel`} type="search" autoFocus value={filter} onChange={(event) => setFilter(event.target.value)} />
      <div className={css["inline"]}>
        <label><input type="checkbox" checked={archived} onChange={(event) => setArchived(event.target.checked)} /> <Trans>Archived ones</Trans></label>
        <Button icon="plus" tone="quiet" className={css["small"]} onClick={() => openDialog({ kind: "new-channel" })}><Trans>New channel</Trans></Button>
      </div>
      <div className={css["list"]}>
        {found.isPending && <Spinner label={t`Loading`} />}
        {found.isSuccess && list.length === 0 && <Empty icon="hash" title={t`No channel fits`} />}
        {list.map((channel) => {
          const joined = Boolean((mine[channel.id] ?? channel).membership);
          return (
            <div key={channel.id} className={css["row"]}>
              <Icon name={iconOf(channel)} />
              <div className={css["main"]}>
                <button type="button" className={css["name"]} onClick={() => open(channel)}>{channel.name}</button>
                <span className={css["note"]}>
                  <Plural value={channel.member_count} one="# member" other="# members" />
                  {channel.topic && ` · ${channel.topic}`}
                </span>
              </div>
              <Button className={cx(css["small"])} tone={joined ? "plain" : "primary"} disabled={channel.archived} onClick={() => void change(mine[channel.id] ?? channel, joined)} aria-label={joined ? t`Leave ${channel.name}` : t`Join ${channel.name}`}>
                {joined ? <Trans>Leave</Trans> : <Trans>Join</Trans>}
              </Button>
            </div>
          );
        })}
        {found.hasNextPage && <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}><Trans>Show more</Trans></Button>}
      </div>
    </Dialog>
  );
}
