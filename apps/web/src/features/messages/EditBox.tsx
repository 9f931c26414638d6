import { Trans, useLingui } from "@lingui/react/macro";
import { useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { messages } from "~/api/operations";
import type { Message } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { updateMessage } from "~/state/timelines";
import { openDialog, uiStore } from "~/state/ui";
import { Button } from "~/ui/Button";
import { FormError } from "~/ui/Field";
import { growToFit } from "~/ui/growToFit";
import css from "./EditBox.module.css";

/** Changes a message where it stands. */
export function EditBox({ message, onDone }: { message: Message; onDone: () => void }) {
  const { t } = useLingui();
  const [text, setText] = useState(() => uiStore.get().editText ?? message.text);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, []);
  useLayoutEffect(() => growToFit(box.current), [text]);

  const write = (next: string) => {
    setText(next);
    uiStore.set({ editText: next });
  };
  const close = () => {
    const row = box.current?.closest<HTMLElement>("[data-position]");
    onDone();
    row?.focus();
  };
  const save = async () => {
    const next = text.trim();
    if (next === message.text) return close();
    if (!next) {
      close();
      return openDialog({ kind: "delete", message });
    }
    setBusy(true);
    try {
      updateMessage(await messages.edit(message.id, next));
      close();
    } catch (error) {
      setProblem(errorWords(error));
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void save();
    }
  };
  return (
    <div className={css["edit"]}>
      <textarea ref={box} className={css["box"]} rows={1} aria-label={t`Edit message`} value={text} onChange={(event) => write(event.target.value)} onKeyDown={onKeyDown} />
      {problem && <FormError>{problem}</FormError>}
      <div className={css["foot"]}>
        <span><Trans>Enter saves, Escape cancels</Trans></span>
        <Button onClick={close}><Trans>Cancel</Trans></Button>
        <Button tone="primary" busy={busy} onClick={() => void save()}><Trans>Save</Trans></Button>
      </div>
    </div>
  );
}
