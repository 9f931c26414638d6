import { cloneElement, useEffect, useLayoutEffect, useRef, useState, type ReactElement } from "react";
import css from "./Tip.module.css";

interface TipProps {
  "data-tip"?: string;
  "data-tip-keys"?: string | undefined;
  "data-tip-side"?: string;
}

/** Shows the name (and key) of a control when it is pointed at or focused by key. */
export function Tip({ label, keys, side = "top", children }: { label: string; keys?: string; side?: "top" | "bottom"; children: ReactElement<TipProps> }) {
  return cloneElement(children, { "data-tip": label, "data-tip-keys": keys, "data-tip-side": side });
}

const DELAY = 450;
const GAP = 6;
const EDGE = 8;

interface Shown {
  text: string;
  keys: string | undefined;
  below: boolean;
  over: DOMRect;
}

/** The one tip on the screen. There are hundreds of controls with a name, so that none of them carries a tip of its own. */
export function TipHost() {
  const [shown, setShown] = useState<Shown | null>(null);
  const tip = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current: HTMLElement | null = null;
    const hide = () => {
      clearTimeout(timer);
      current = null;
      setShown(null);
    };
    const show = (element: HTMLElement, delay: number) => {
      if (element === current) return;
      hide();
      current = element;
      timer = setTimeout(() => {
        const text = element.dataset["tip"];
        if (!text || !element.isConnected || element.getAttribute("aria-expanded") === "true") return;
        setShown({ text, keys: element.dataset["tipKeys"], below: element.dataset["tipSide"] === "bottom", over: element.getBoundingClientRect() });
      }, delay);
    };
    const find = (target: EventTarget | null) => (target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null);
    const onOver = (event: PointerEvent) => {
      if (event.pointerType !== "mouse" || tip.current?.contains(event.target as Node)) return;
      const element = find(event.target);
      if (element) show(element, DELAY);
      else hide();
    };
    const onFocus = (event: FocusEvent) => {
      const element = find(event.target);
      if (element?.matches(":focus-visible")) show(element, 100);
      else hide();
    };
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && hide();
    document.addEventListener("pointerover", onOver);
    document.addEventListener("pointerdown", hide, true);
    document.addEventListener("scroll", hide, true);
    document.addEventListener("focusin", onFocus);
    document.addEventListener("keydown", onKey, true);
    return () => {
      hide();
      document.removeEventListener("pointerover", onOver);
      document.removeEventListener("pointerdown", hide, true);
      document.removeEventListener("scroll", hide, true);
      document.removeEventListener("focusin", onFocus);
      document.removeEventListener("keydown", onKey, true);
    };
  }, []);

  useLayoutEffect(() => {
    const element = tip.current;
    if (!element || !shown) return;
    const { width, height } = element.getBoundingClientRect();
    const { over } = shown;
    const left = Math.min(Math.max(EDGE, over.left + over.width / 2 - width / 2), window.innerWidth - width - EDGE);
    const above = over.top - height - GAP;
    const top = shown.below || above < EDGE ? over.bottom + GAP : above;
    element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }, [shown]);

  if (!shown) return null;
  return (
    <div ref={tip} className={css["tip"]} aria-hidden="true">
      {shown.text}
      {shown.keys && <kbd className={css["keys"]}>{shown.keys}</kbd>}
    </div>
  );
}
