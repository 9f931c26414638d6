import { Trans, useLingui } from "@lingui/react/macro";
import { memo, useEffect, useState, type KeyboardEvent } from "react";
import type { Channel, Message } from "~/api/types";
import { dateTimeOf, dayOf, timeOf } from "~/i18n/format";
import { watchPresence } from "~/state/people";
import { editKey, openDialog, setEditing, useUi } from "~/state/ui";
import { myId, useUser, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { cx } from "~/ui/classes";
import { EditBox } from "./EditBox";
import css from "./MessageRow.module.css";
import { MessageTools } from "./MessageTools";
import { Reactions } from "./Reactions";
import { ReplyQuote } from "./ReplyQuote";
import { SystemLine } from "./SystemLine";
import { MessageText } from "./text/MessageText";
import { ThreadLink } from "./ThreadLink";
import { useMessageActions } from "./useMessageActions";

interface Props {
  message: Message;
  channel: Channel;
  threadId: string | null;
  grouped: boolean;
  day: boolean;
  fresh: boolean;
  highlighted: boolean;
  focusable: boolean;
  total: number;
  onFocus: (position: number) => void;
}

/** One message with all that belongs to it. */
export const MessageRow = memo(function MessageRow(props: Props) {
  const { message, channel, threadId, grouped, day, fresh, highlighted, focusable, total, onFocus } = props;
  const { t } = useLingui();
  const editing = useUi((state) => state.editing === editKey(message.id, threadId));
  const me = myId();
  const mentioned = message.mentions.includes(me) || (message.mentions_all && message.author_id !== me);
  const [hot, setHot] = useState(false);
  const [held, setHeld] = useState(false);
  const actions = useMessageActions(message, channel, threadId);
  const author = useUser(message.author_id)?.display_name ?? "";
  const excerpt = message.deleted ? t`deleted` : message.text.slice(0, 240);
  const time = timeOf(message.created_at);
  const label = message.kind === "system" ? undefined : t`${author}, ${time}: ${excerpt}`;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "e" && actions.canEdit) setEditing(editKey(message.id, threadId));
    else if ((key === "t" || key === "r") && actions.openThread) actions.openThread();
    else if (key === "delete" && actions.canDelete) openDialog({ kind: "delete", message });
    else if (key === "p" && actions.canPin) void actions.togglePin();
    else return;
    event.preventDefault();
  };

  return (
    <div role="listitem" aria-posinset={message.position + 1} aria-setsize={total}>
      {day && <DayLine at={message.created_at} />}
      {fresh && <div className={css["fresh"]} role="separator"><span><Trans>New</Trans></span></div>}
      <div
        role="article"
        aria-label={label}
        className={cx(css["row"], grouped && css["grouped"], mentioned && css["mentioned"], highlighted && css["highlighted"], hot && css["hot"])}
        data-position={message.position}
        data-message={message.id}
        tabIndex={focusable ? 0 : -1}
        onKeyDown={onKeyDown}
        onFocus={() => { setHot(true); onFocus(message.position); }}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setHot(false)}
        onPointerEnter={() => setHot(true)}
        onPointerLeave={(event) => !event.currentTarget.matches(":focus-visible, :has(:focus-visible)") && setHot(false)}
      >
        {message.kind === "system" ? (
          <SystemLine message={message} />
        ) : (
          <>
            <div className={css["gutter"]}>
              {grouped ? <time className={css["sideTime"]} dateTime={message.created_at}>{timeOf(message.created_at)}</time> : <AuthorAvatar id={message.author_id} />}
            </div>
            <div className={css["body"]}>
              {message.reply_to && <ReplyQuote id={message.reply_to} channelId={channel.id} threadId={threadId} />}
              {grouped ? <AuthorName id={message.author_id} hidden /> : (
                <div className={css["by"]}>
                  <AuthorName id={message.author_id} />
                  <time className={css["time"]} dateTime={message.created_at} title={dateTimeOf(message.created_at)}>{timeOf(message.created_at)}</time>
                  {message.pinned && <span className={css["pinned"]}><Trans>Pinned</Trans></span>}
                </div>
              )}
              {editing ? (
                <EditBox message={message} onDone={() => setEditing(null)} />
              ) : message.deleted ? (
                <p className={css["deleted"]}><Trans>This message was deleted.</Trans></p>
              ) : (
                <MessageText message={message} edited={message.edited_at ? t`edited` : null} />
              )}
              {message.reactions.length > 0 && <Reactions message={message} onToggle={actions.toggleReaction} enabled={actions.canReact} />}
              {message.thread && message.thread.reply_count > 0 && !threadId && <ThreadLink message={message} />}
            </div>
          </>
        )}
        {(hot || held) && !editing && !message.deleted && message.kind === "text" && (
          <MessageTools message={message} threadId={threadId} actions={actions} onHold={setHeld} />
        )}
      </div>
    </div>
  );
});

function DayLine({ at }: { at: string }) {
  const { t } = useLingui();
  return (
    <div className={css["day"]} role="separator">
      <span>{dayOf(at, { today: t`Today`, yesterday: t`Yesterday` })}</span>
    </div>
  );
}

function AuthorAvatar({ id }: { id: string }) {
  const user = useUser(id);
  const presence = useWorkspace((state) => state.presence[id]);
  const living = user?.kind === "person" && !user.disabled;
  useEffect(() => {
    if (living) watchPresence([id]);
  }, [living, id]);
  return <Avatar user={user} id={id} presence={presence} />;
}

function AuthorName({ id, hidden }: { id: string; hidden?: boolean }) {
  const user = useUser(id);
  if (hidden) return <span className="visually-hidden">{user?.display_name}: </span>;
  return (
    <button type="button" tabIndex={-1} className={css["author"]} dir="auto" onClick={() => openDialog({ kind: "person", user: id })}>
      {user?.display_name ?? "…"}
      {user?.kind === "bot" && <span className={css["bot"]}><Trans>Bot</Trans></span>}
    </button>
  );
}
