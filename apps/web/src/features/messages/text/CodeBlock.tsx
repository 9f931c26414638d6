import { useEffect, useState, type ReactNode } from "react";
import css from "./MessageText.module.css";

/** Code as written, coloured once the highlighter is there. */
export function CodeBlock({ code, language }: { code: string; language: string | null }) {
  const [coloured, setColoured] = useState<ReactNode>(null);
  useEffect(() => {
    if (!language || code.length > 20_000) return undefined;
    let wanted = true;
    void import("./highlight").then(({ highlight }) => wanted && setColoured(highlight(code, language))).catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [code, language]);
  return (
    <pre className={css["block"]} dir="ltr" tabIndex={0}>
      <code>{coloured ?? code}</code>
    </pre>
  );
}
