import type { ReactNode } from "react";
import css from "./Empty.module.css";
import { Icon, type IconName } from "./Icon";

/** What a place says when it has nothing to show. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className={css["empty"]}>
      <span className={css["sign"]}><Icon name={icon} size={22} /></span>
      <p className={css["title"]}>{title}</p>
      {children && <div className={css["text"]}>{children}</div>}
    </div>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <div className={css["spinner"]} role="status">
      <span className="visually-hidden">{label}</span>
    </div>
  );
}
