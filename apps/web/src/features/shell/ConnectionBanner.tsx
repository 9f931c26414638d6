import { Plural, Trans } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { connection } from "~/state/session";
import { useWorkspace } from "~/state/workspace";
import { Icon } from "~/ui/Icon";
import css from "./ConnectionBanner.module.css";

const PATIENCE = 1_200;

/** Says that the connection is gone, once it is gone for more than a moment. */
export function ConnectionBanner() {
  const { status, retryAt, restarting } = useWorkspace((state) => state.connection);
  const cached = useWorkspace((state) => state.cached);
  const down = status !== "open";
  const [shown, setShown] = useState(cached);
  const [now, setNow] = useState(Date.now);

  useEffect(() => {
    if (!down) {
      setShown(false);
      return undefined;
    }
    const patience = setTimeout(() => setShown(true), PATIENCE);
    const tick = setInterval(() => setNow(Date.now()), 1000);
    return () => {
      clearTimeout(patience);
      clearInterval(tick);
    };
  }, [down]);
  useEffect(() => {
    const again = () => connection.retryNow();
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, []);

  const seconds = retryAt ? Math.max(0, Math.ceil((retryAt - now) / 1000)) : 0;
  return (
    <div role="status">
      {down && shown && (
        <div className={css["banner"]}>
          <Icon name="warning" size={16} />
          <span>
            {cached ? (
              <Trans>You are offline. This is what was read last on this device.</Trans>
            ) : restarting ? (
              <Trans>The server is restarting. What you write is sent when it is back.</Trans>
            ) : (
              <Trans>The connection is lost. What you write is sent when it is back.</Trans>
            )}{" "}
            <span aria-hidden="true">
              {seconds > 0 && <Plural value={seconds} one="Trying again in # second." other="Trying again in # seconds." />}
            </span>
          </span>
          <button type="button" className={css["again"]} onClick={() => connection.retryNow()}><Trans>Try now</Trans></button>
        </div>
      )}
    </div>
  );
}
