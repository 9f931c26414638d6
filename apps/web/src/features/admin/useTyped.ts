import { useEffect, useState } from "react";

/** Typing has ended when nothing was typed for so many milliseconds: each search reads up to 4 MiB. */
export const TYPING_ENDS = 300;

/** What stands in the field. It is said to the address when typing ends; what the address says otherwise comes into the field. */
export function useTyped(text: string, say: (text: string) => void) {
  const [typed, setTyped] = useState(text);
  const [seen, setSeen] = useState(text);
  const [said, setSaid] = useState(text);
  if (text !== seen) {
    setSeen(text);
    if (text !== said) {
      setSaid(text);
      setTyped(text);
    }
  }
  const wanted = typed.trim();
  useEffect(() => {
    if (wanted === text) return;
    const timer = setTimeout(() => {
      setSaid(wanted);
      say(wanted);
    }, TYPING_ENDS);
    return () => clearTimeout(timer);
  }, [wanted, text, say]);
  return [typed, setTyped] as const;
}
