import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Channel } from "~/api/types";
import { sendMessage } from "~/state/outbox";
import { timelineOf } from "~/state/timelines";
import { composerId, editKey, placeKey, setEditing, setReplyTo, useUi } from "~/state/ui";
import { useUser, useWorkspace } from "~/state/workspace";
import { IconButton } from "~/ui/Button";
import { growToFit } from "~/ui/growToFit";
import { Icon } from "~/ui/Icon";
import { cx } from "~/ui/classes";
import css from "./Composer.module.css";
import { askedAt, complete, type Asked } from "./completion";
import { SuggestionList } from "./SuggestionList";
import { useDraft } from "./useDraft";
import { useSuggestions, type Suggestion } from "./useSuggestions";
import { useTypingSignal } from "./useTypingSignal";

interface Props {
  channel: Channel;
  threadId: string | null;
  placeholder: string;
}

/** Where messages are written. Enter sends, Shift+Enter begins a line. */
export function Composer({ channel, threadId, placeholder }: Props) {
  const { t } = useLingui();
  const listId = useId();
  const place = placeKey(channel.id, threadId);
  const [text, setText] = useDraft(channel.id, threadId);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [active, setActive] = useState(0);
  const box = useRef<HTMLTextAreaElement>(null);
  const cursor = useRef<number | null>(null);
  const suggestions = useSuggestions(asked, channel);
  const replyTo = useUi((state) => state.replyTo[place]);
  const longest = useWorkspace((state) => state.maxMessageLength);
  const signalTyping = useTypingSignal(channel.id, threadId);
  const choosing = asked !== null && suggestions.length > 0;
  const over = [...text].length - longest;

  useLayoutEffect(() => {
    growToFit(box.current);
    if (cursor.current !== null) box.current?.setSelectionRange(cursor.current, cursor.current);
    cursor.current = null;
  }, [text]);

  const look = () => {
    const element = box.current;
    if (!element) return;
    const next = element.selectionStart === element.selectionEnd ? askedAt(element.value, element.selectionStart) : null;
    if (next?.query !== asked?.query) setActive(0);
    setAsked(next);
  };
  const write = (next: string) => {
    setText(next);
    if (next.trim()) signalTyping();
  };
  const pick = (suggestion: Suggestion) => {
    if (!asked) return;
    const done = complete(text, asked, suggestion.value);
    cursor.current = done.cursor;
    setAsked(null);
    write(done.text);
    box.current?.focus();
  };
  const send = () => {
    const trimmed = text.replace(/^\s*\n|\s+$/g, "");
    if (!trimmed.trim() || over > 0) return;
    sendMessage({ channel_id: channel.id, thread_id: threadId, reply_to: replyTo?.id ?? null, text: trimmed });
    setText("");
    setAsked(null);
    setReplyTo(place, undefined);
    box.current?.focus();
  };
  const editLast = (): boolean => {
    const last = timelineOf(channel.id, threadId).lastOwn();
    if (last) setEditing(editKey(last.id, threadId));
    return last !== undefined;
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    const chosen = suggestions[active];
    // A name that is written out needs no choosing: Enter sends.
    const written = event.key === "Enter" && chosen?.value === `@${asked?.query ?? ""}`;
    if (choosing && !written) {
      if (event.key === "ArrowDown") setActive((active + 1) % suggestions.length);
      else if (event.key === "ArrowUp") setActive((active + suggestions.length - 1) % suggestions.length);
      else if ((event.key === "Enter" || event.key === "Tab") && chosen) pick(chosen);
      else if (event.key === "Escape") setAsked(null);
      else return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !event.altKey && text === "") {
      if (editLast()) event.preventDefault();
    } else if (event.key === "Escape" && replyTo) setReplyTo(place, undefined);
  };

  return (
    <div className={css["frame"]}>
      {choosing && <SuggestionList id={listId} suggestions={suggestions} active={active} onPick={pick} onPoint={setActive} />}
      <div className={css["composer"]}>
        {replyTo && <ReplyingTo authorId={replyTo.author_id} text={replyTo.text} onCancel={() => setReplyTo(place, undefined)} />}
        <div className={css["line"]}>
          <textarea
            ref={box}
            id={composerId(channel.id, threadId)}
            className={css["box"]}
            rows={1}
            dir="auto"
            aria-label={placeholder}
            placeholder={placeholder}
            aria-autocomplete="list"
            aria-controls={choosing ? listId : undefined}
            aria-activedescendant={choosing ? `${listId}-${active}` : undefined}
            value={text}
            onChange={(event) => {
              write(event.target.value);
              look();
            }}
            onSelect={look}
            onBlur={() => setAsked(null)}
            onKeyDown={onKeyDown}
          />
          <IconButton icon="send" label={t`Send`} className={cx(css["send"], text.trim() !== "" && css["ready"])} disabled={!text.trim() || over > 0} onClick={send} />
        </div>
      </div>
      {over > 0 && <p className={css["over"]} role="alert"><Plural value={over} one="# character too long" other="# characters too long" /></p>}
    </div>
  );
}

function ReplyingTo({ authorId, text, onCancel }: { authorId: string; text: string; onCancel: () => void }) {
  const { t } = useLingui();
  const name = useUser(authorId)?.display_name ?? "…";
  return (
    <div className={css["reply"]}>
      <Icon name="reply" size={15} />
      <span className={css["replyText"]}><Trans>Reply to <b>{name}</b></Trans>: {text.slice(0, 120)}</span>
      <IconButton icon="close" size={14} label={t`Do not reply to this message`} className={css["cancel"]} onClick={onCancel} />
    </div>
  );
}
