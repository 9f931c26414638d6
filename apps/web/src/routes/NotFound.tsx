import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import css from "./Gate.module.css";

export function NotFound() {
  return (
    <main className={css["waiting"]}>
      <h1><Trans>There is nothing here</Trans></h1>
      <p><Link to="/"><Trans>To your conversations</Trans></Link></p>
    </main>
  );
}
