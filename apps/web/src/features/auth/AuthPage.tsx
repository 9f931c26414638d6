import type { ReactNode } from "react";
import css from "./AuthPage.module.css";

/** The frame of the pages before the chat. */
export function AuthPage({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <main className={css["page"]}>
      <div className={css["card"]}>
        <header className={css["head"]}>
          <img src="/icon.svg" alt="" width={40} height={40} />
          <h1 className={css["title"]}>{title}</h1>
          {lead && <p className={css["lead"]}>{lead}</p>}
        </header>
        {children}
      </div>
    </main>
  );
}
