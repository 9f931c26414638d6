import { useLingui } from "@lingui/react/macro";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconButton } from "./Button";
import css from "./Pane.module.css";

/** The frame of what stands beside a conversation. Escape closes it. */
export function Pane({ title, note, onClose, children }: { title: string; note?: string; onClose: () => void; children: ReactNode }) {
  const { t } = useLingui();
  const id = useId();
  const pane = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = pane.current;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) onClose();
    };
    element?.addEventListener("keydown", onKey);
    return () => element?.removeEventListener("keydown", onKey);
  }, [onClose]);
  return (
    <aside ref={pane} className={css["pane"]} aria-labelledby={id}>
      <header className={css["head"]}>
        <h2 id={id} className={css["title"]}>{title}</h2>
        {note && <span className={css["note"]} dir="auto">{note}</span>}
        <IconButton className={css["close"]} icon="close" label={t`Close`} side="bottom" onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
