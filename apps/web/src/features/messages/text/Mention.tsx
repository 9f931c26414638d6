import { openDialog } from "~/state/ui";
import { cx } from "~/ui/classes";
import css from "./MessageText.module.css";

/** A name in a message; leads to the person. */
export function Mention({ id, text, me }: { id: string | null; text: string; me: boolean }) {
  const className = cx(css["mention"], me && css["mentionMe"]);
  if (!id) return <span className={className}>{text}</span>;
  return <button type="button" tabIndex={-1} className={className} onClick={() => openDialog({ kind: "person", user: id })}>{text}</button>;
}
