import { useLingui } from "@lingui/react/macro";
import { lazy, Suspense, useRef, useState } from "react";
import { IconButton } from "~/ui/Button";

const ReactionSurface = lazy(() => import("./ReactionSurface").then((module) => ({ default: module.ReactionSurface })));

/** A button with a small choice of emoji, which is fetched when it is first opened. */
export function ReactionPicker({ onPick, onOpenChange }: { onPick: (emoji: string) => void; onOpenChange: (open: boolean) => void }) {
  const { t } = useLingui();
  const anchor = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    onOpenChange(next);
  };
  const pick = (emoji: string) => {
    onPick(emoji);
    change(false);
  };
  return (
    <>
      <IconButton ref={anchor} icon="smile" label={t`Add a reaction`} aria-haspopup="dialog" aria-expanded={open} data-state={open ? "open" : "closed"} onClick={() => change(!open)} />
      {open && <Suspense fallback={null}><ReactionSurface anchor={anchor} onPick={pick} onClose={() => change(false)} /></Suspense>}
    </>
  );
}
