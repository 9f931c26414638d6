import type { ReactNode } from "react";
import { cx } from "~/ui/classes";
import css from "./Table.module.css";

export interface Column {
  name: string;
  /** Figures stand below each other at their ends. */
  number?: boolean;
  /** Known without being written above it, such as what can be done. */
  unsaid?: boolean;
}

/** A table, shown as a list of cards where there is little room: the roles are said, because another `display` takes them away. */
export function Table({ label, columns, children }: { label: string; columns: Column[]; children: ReactNode }) {
  return (
    <table className={css["table"]} role="table" aria-label={label}>
      <thead role="rowgroup" className={css["heads"]}>
        <tr role="row">
          {columns.map(({ name, number, unsaid }) => (
            <th key={name} role="columnheader" scope="col" className={cx(number && css["number"])}>
              {unsaid ? <span className="visually-hidden">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}

/** A row: what it is of, and its cells. */
export function Row({ name, title, className, children }: { name: string; title: ReactNode; className?: string | undefined; children: ReactNode }) {
  return (
    <tr role="row" data-part={name} className={css["row"]}>
      <th role="rowheader" scope="row" className={cx(css["title"], className)}>{title}</th>
      {children}
    </tr>
  );
}

/** What stands below a column. Empty ones are left out of a card; wide ones take its whole width. */
export function Cell({ of, empty, wide, className, children }: { of: Column | undefined; empty?: boolean; wide?: boolean; className?: string | undefined; children: ReactNode }) {
  return (
    <td role="cell" data-head={of?.name} className={cx(of?.number && css["number"], empty && css["empty"], wide && css["wide"], className)}>
      {children}
    </td>
  );
}

/** What can be done with what the row is of. */
export function Action({ children }: { children?: ReactNode }) {
  return <td role="cell" className={css["action"]}>{children}</td>;
}
