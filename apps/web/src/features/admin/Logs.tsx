import { Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { admin } from "~/api/admin";
import type { LogFile, LogLevel, LogTail } from "~/api/types";
import { numberOf } from "~/i18n/format";
import type { ConsoleSearch } from "~/routes/router";
import { useMe } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { Choice, Field } from "~/ui/Field";
import { Levels } from "./Levels";
import { LogLines } from "./LogLines";
import css from "./Logs.module.css";
import { isLevel, LEVELS, saveLines, SIZES_KB } from "./logs";
import { Awaited, Page } from "./Page";
import { sizeOf } from "./units";
import { useTyped } from "./useTyped";

const EVERY = 2_000;
const FILES_EVERY = 30_000;
const DEFAULT_KB = 256;
/** How many lines are shown at most. */
const MOST = 500;

/** The logs of the server: the end of a file, by level and text, followed while it grows. */
export function Logs() {
  const { t } = useLingui();
  const { permissions } = useMe();
  const files = useQuery({ queryKey: ["admin", "log-files"], queryFn: ({ signal }) => admin.logFiles(signal), refetchInterval: FILES_EVERY });
  return (
    <Page title={t`Logs`}>
      {permissions.includes("system.manage") && <Levels />}
      <Awaited of={files}>
        {({ items }) => (items.length === 0 ? <Empty icon="menu" title={t`Nothing was logged to files`} /> : <Viewer files={items} />)}
      </Awaited>
    </Page>
  );
}

/** What is shown is said by the address, so that it can be sent to somebody. */
function useWanted(files: LogFile[]) {
  const search: ConsoleSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const current = files.find((entry) => entry.kind === "current") ?? files[0];
  const file = files.find((entry) => entry.name === search.file) ?? current;
  const level = isLevel(search.level) ? search.level : undefined;
  const kb = SIZES_KB.find((size) => size === search.kb) ?? DEFAULT_KB;
  const change = useCallback(
    (part: ConsoleSearch) => void navigate({ to: "/admin/$", params: { _splat: "logs" }, search: (now: ConsoleSearch) => ({ ...now, ...part }), replace: true }),
    [navigate],
  );
  return { file, level, kb, text: typeof search.text === "string" ? search.text : "", change };
}

function Viewer({ files }: { files: LogFile[] }) {
  const { t } = useLingui();
  const { file, level, kb, text, change } = useWanted(files);
  const say = useCallback((said: string) => change({ text: said }), [change]);
  const [typed, setTyped] = useTyped(text, say);
  const [paused, setPaused] = useState(false);
  const grows = file?.kind === "current";
  const follows = grows && !paused;
  const query = { file: file?.name ?? "", tail_kb: kb, lines: MOST, ...(level ? { level } : {}), ...(text ? { text } : {}) };
  const view = useQuery({
    queryKey: ["admin", "log", query],
    queryFn: ({ signal }) => admin.log(query, signal),
    placeholderData: keepPreviousData,
    refetchInterval: follows && EVERY,
    refetchOnWindowFocus: follows,
    refetchOnReconnect: follows,
  });
  const names: Record<LogLevel, string> = { off: "", error: t`Errors`, warn: t`Warnings and worse`, info: t`Information and worse`, debug: t`Debugging and worse`, trace: t`Everything` };
  return (
    <>
      <div className={css["tools"]}>
        <Choice label={t`File`} value={file?.name} onChange={(event) => change({ file: event.target.value })}>
          {files.map((entry) => <option key={entry.name} value={entry.name}>{`${entry.name} (${sizeOf(entry.bytes)})`}</option>)}
        </Choice>
        <Choice label={t`Level`} value={level ?? ""} onChange={(event) => change({ level: event.target.value })}>
          <option value="">{t`All lines`}</option>
          {LEVELS.map((one) => <option key={one} value={one}>{names[one]}</option>)}
        </Choice>
        <Choice label={t`From the end`} value={kb} onChange={(event) => change({ kb: Number(event.target.value) })}>
          {SIZES_KB.map((size) => <option key={size} value={size}>{sizeOf(size * 1024)}</option>)}
        </Choice>
        <Field
          label={t`Text`}
          type="search"
          maxLength={200}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <Awaited of={view}>
        {(tail) => (
          <>
            <div className={css["bar"]}>
              {/* not read out while it changes all the time */}
              <p className={css["count"]} role={follows ? undefined : "status"}><Count tail={tail} /></p>
              {grows && (
                <Button className={css["follow"]} icon={paused ? "down" : "check"} aria-pressed={!paused} onClick={() => setPaused(!paused)}><Trans>Follow</Trans></Button>
              )}
              <Button icon="archive" disabled={tail.items.length === 0} onClick={() => saveLines(tail)}><Trans>Download</Trans></Button>
            </div>
            {tail.items.length === 0 ? <Empty icon="search" title={t`No line fits`} /> : <LogLines key={tail.file} lines={tail.items} follows={follows} />}
          </>
        )}
      </Awaited>
    </>
  );
}

function Count({ tail }: { tail: LogTail }) {
  const matched = numberOf(tail.matched);
  const most = numberOf(MOST);
  return (
    <>
      {tail.matched > MOST ? <Trans>The newest {most} of {matched} lines</Trans> : <Trans>Lines: {matched}</Trans>}
      {tail.cut && <>{" · "}<Trans>the file begins earlier</Trans></>}
    </>
  );
}
