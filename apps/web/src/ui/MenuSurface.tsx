import * as Radix from "@radix-ui/react-menu";
import { Fragment, useEffect, useRef, type RefObject } from "react";
import { cx } from "./classes";
import { Icon } from "./Icon";
import type { MenuEntry } from "./Menu";
import css from "./Menu.module.css";

/** The open menu. It is not modal: a modal one writes a style element, which the content security policy refuses. */
export function MenuSurface({ anchor, align, byKeyboard, entries, onClose }: {
  anchor: RefObject<HTMLButtonElement | null>;
  align: "start" | "end";
  byKeyboard: boolean;
  entries: MenuEntry[];
  onClose: () => void;
}) {
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!byKeyboard) return undefined;
    const frame = requestAnimationFrame(() => content.current?.querySelector<HTMLElement>('[role^="menuitem"]')?.focus());
    return () => cancelAnimationFrame(frame);
  }, [byKeyboard]);
  return (
    <Radix.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      <Radix.Anchor virtualRef={anchor as RefObject<HTMLButtonElement>} />
      <Radix.Portal>
        <Radix.Content
          ref={content}
          className={css["menu"]}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (document.activeElement === document.body || content.current?.contains(document.activeElement)) anchor.current?.focus();
          }}
          onInteractOutside={(event) => {
            // The button closes it by itself.
            if (anchor.current?.contains(event.target as Node)) event.preventDefault();
          }}
        >
          {entries.map((entry, index) => <Fragment key={index}>{line(entry)}</Fragment>)}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function line(entry: MenuEntry) {
  if (!entry) return null;
  if (entry === "line") return <Radix.Separator className={css["line"]} />;
  if ("heading" in entry) return <Radix.Label className={css["heading"]}>{entry.heading}</Radix.Label>;
  if ("checked" in entry) {
    return (
      <Radix.CheckboxItem className={css["item"]} checked={entry.checked} onCheckedChange={entry.onSelect}>
        <span className={css["tick"]}>{entry.checked && <Icon name="check" size={16} />}</span>
        <span className={css["label"]}>{entry.label}</span>
      </Radix.CheckboxItem>
    );
  }
  return (
    <Radix.Item className={cx(css["item"], entry.danger && css["danger"])} onSelect={entry.onSelect}>
      {entry.icon && <Icon name={entry.icon} size={16} />}
      <span className={css["label"]}>{entry.label}</span>
      {entry.keys && <kbd className={css["keys"]}>{entry.keys}</kbd>}
    </Radix.Item>
  );
}
