import { cloneElement, lazy, Suspense, useRef, useState, type KeyboardEvent, type ReactElement, type Ref } from "react";
import type { IconName } from "./Icon";

const MenuSurface = lazy(() => import("./MenuSurface").then((module) => ({ default: module.MenuSurface })));

interface TriggerProps {
  ref?: Ref<HTMLButtonElement>;
  onClick?: () => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  "aria-haspopup"?: "menu";
  "aria-expanded"?: boolean;
  "data-state"?: "open" | "closed";
}

/** A line of a menu; `false` stands for one that does not apply. */
export type MenuEntry =
  | { label: string; icon?: IconName; keys?: string; danger?: boolean; onSelect: () => void }
  | { label: string; checked: boolean; onSelect: () => void }
  | { heading: string }
  | "line"
  | false;

interface Props {
  trigger: ReactElement<TriggerProps>;
  /** Asked for when the menu is open. */
  items: () => MenuEntry[];
  align?: "start" | "end";
  onOpenChange?: (open: boolean) => void;
}

/** A button with a menu. The menu itself, and all that places it, is fetched when one is first opened. */
export function Menu({ trigger, items, align = "end", onOpenChange }: Props) {
  const anchor = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState<"no" | "pointer" | "keyboard">("no");
  const change = (next: typeof open) => {
    setOpen(next);
    onOpenChange?.(next !== "no");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!["Enter", " ", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    change("keyboard");
  };
  return (
    <>
      {cloneElement(trigger, {
        ref: anchor,
        onClick: () => change(open === "no" ? "pointer" : "no"),
        onKeyDown,
        "aria-haspopup": "menu",
        "aria-expanded": open !== "no",
        "data-state": open === "no" ? "closed" : "open",
      })}
      {open !== "no" && (
        <Suspense fallback={null}>
          <MenuSurface anchor={anchor} align={align} byKeyboard={open === "keyboard"} entries={items()} onClose={() => change("no")} />
        </Suspense>
      )}
    </>
  );
}
