import { Trans } from "@lingui/react/macro";
import type { Channel } from "~/api/types";
import { shortDateTimeOf } from "~/i18n/format";
import { Icon } from "~/ui/Icon";
import css from "./ChannelIntro.module.css";
import { iconOf, isDirect } from "./naming";

/** What stands above the first message of a conversation. */
export function ChannelIntro({ channel, title }: { channel: Channel; title: string }) {
  const date = shortDateTimeOf(channel.created_at);
  return (
    <div className={css["intro"]}>
      {!isDirect(channel) && <span className={css["sign"]}><Icon name={iconOf(channel)} size={22} /></span>}
      <p className={css["title"]} dir="auto">{title}</p>
      <p className={css["text"]}>
        {isDirect(channel) ? (
          <Trans>This is the beginning of your conversation.</Trans>
        ) : (
          <Trans>This is the beginning of the channel, made on {date}.</Trans>
        )}
        {channel.topic && <> <span dir="auto">{channel.topic}</span></>}
      </p>
    </div>
  );
}
