import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ConsoleSearch } from "~/routes/router";
import type { AdminPage } from "./permissions";

const EXACT = { exact: true, includeSearch: false };

/** A way to a page of the console. */
export function PageLink({ page, search = {}, className, children }: { page: AdminPage; search?: ConsoleSearch; className?: string | undefined; children: ReactNode }) {
  return page === "overview" ? (
    <Link to="/admin" className={className} activeOptions={EXACT}>{children}</Link>
  ) : (
    <Link to="/admin/$" params={{ _splat: page }} search={search} className={className} activeOptions={EXACT}>{children}</Link>
  );
}
