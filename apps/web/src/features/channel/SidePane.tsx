import { useNavigate } from "@tanstack/react-router";
import type { Channel } from "~/api/types";
import { SearchPane } from "~/features/search/SearchPane";
import { ThreadPane } from "~/features/thread/ThreadPane";
import { ThreadsPane } from "~/features/thread/ThreadsPane";
import type { ChannelSearch } from "~/routes/router";
import { MembersPane } from "./MembersPane";
import { PinsPane } from "./PinsPane";

/** What stands beside the conversation. */
export function SidePane({ channel, search }: { channel: Channel; search: ChannelSearch }) {
  const navigate = useNavigate();
  const close = () => void navigate({ to: "/c/$channelId", params: { channelId: channel.id }, search: {} });
  if (search.thread) return <ThreadPane key={search.thread} channel={channel} rootId={search.thread} messageId={search.m} onClose={close} />;
  switch (search.pane) {
    case "pins":
      return <PinsPane channel={channel} onClose={close} />;
    case "threads":
      return <ThreadsPane onClose={close} />;
    case "members":
      return <MembersPane channel={channel} onClose={close} />;
    default:
      return <SearchPane channel={channel} query={search.q ?? ""} onClose={close} />;
  }
}
