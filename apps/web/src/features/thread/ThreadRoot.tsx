import { Plural } from "@lingui/react/macro";
import type { Channel, Message } from "~/api/types";
import { MessageRow } from "~/features/messages/MessageRow";
import css from "./ThreadRoot.module.css";

/** The message that a thread hangs on. */
export function ThreadRoot({ message, channel, count }: { message: Message; channel: Channel; count: number }) {
  return (
    <div className={css["root"]}>
      <div role="list">
        <MessageRow message={message} channel={channel} threadId={message.id} grouped={false} day={false} fresh={false} highlighted={false} focusable total={1} onFocus={() => undefined} />
      </div>
      {count > 0 && <p className={css["count"]}><Plural value={count} one="# reply" other="# replies" /></p>}
    </div>
  );
}
