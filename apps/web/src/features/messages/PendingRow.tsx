import { Trans } from "@lingui/react/macro";
import type { Message } from "~/api/types";
import { timeOf } from "~/i18n/format";
import { discard, retry } from "~/state/outbox";
import type { Pending } from "~/state/timeline";
import { useMe } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Icon } from "~/ui/Icon";
import { cx } from "~/ui/classes";
import rowCss from "./MessageRow.module.css";
import css from "./PendingRow.module.css";
import { Markdown } from "./text/MessageText";

const TOGETHER = 5 * 60_000;

/** A message on its way, or one that the server refused. */
export function PendingRow({ pending, before }: { pending: Pending; before: Message | Pending | undefined }) {
  const me = useMe();
  const mineBefore = before !== undefined && (!("author_id" in before) || (before.author_id === me.id && before.kind === "text"));
  const grouped = mineBefore && !pending.reply_to && Date.parse(pending.created_at) - Date.parse(before.created_at) < TOGETHER;
  return (
    <div role="listitem" className={cx(rowCss["row"], grouped && rowCss["grouped"], css["pending"])} data-pending={pending.client_id}>
      <div className={rowCss["gutter"]}>{!grouped && <Avatar user={me} id={me.id} />}</div>
      <div className={rowCss["body"]}>
        {!grouped && (
          <div className={rowCss["by"]}>
            <b className={rowCss["author"]} dir="auto">{me.display_name}</b>
            <time className={rowCss["time"]} dateTime={pending.created_at}>{timeOf(pending.created_at)}</time>
          </div>
        )}
        <div className={css["text"]}><Markdown text={pending.text} mentions={[]} all={false} /></div>
        {pending.state === "failed" && (
          <p className={css["failed"]} role="alert">
            <Icon name="warning" size={15} />
            <span><Trans>Not sent.</Trans> {pending.problem}</span>
            <button type="button" onClick={() => retry(pending.client_id)}><Trans>Try again</Trans></button>
            <button type="button" onClick={() => discard(pending.client_id)}><Trans>Discard</Trans></button>
          </p>
        )}
      </div>
    </div>
  );
}
