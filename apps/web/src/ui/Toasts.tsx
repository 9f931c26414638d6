import { useEffect } from "react";
import { Store, useStore } from "~/state/store";
import css from "./Toasts.module.css";

const store = new Store<{ text: string; count: number }>({ text: "", count: 0 });

/** Says something short at the foot of the window, and to screen readers. */
export function toast(text: string): void {
  store.set((state) => ({ text, count: state.count + 1 }));
}

export function Toasts() {
  const { text, count } = useStore(store, (state) => state);
  useEffect(() => {
    if (!text) return undefined;
    const timer = setTimeout(() => store.set({ text: "" }), 5000);
    return () => clearTimeout(timer);
  }, [text, count]);
  return (
    <div role="status" className={css["region"]}>
      {text && <div key={count} className={css["toast"]}>{text}</div>}
    </div>
  );
}
