import { useEffect, useState } from "react";
import { readDraft, useDraftRevision, writeDraft } from "~/state/drafts";

/** The text being written in one place. It survives leaving, reloading and changing the device. */
export function useDraft(channelId: string, threadId: string | null): [string, (text: string) => void] {
  const [text, setText] = useState(() => readDraft(channelId, threadId));
  const revision = useDraftRevision();
  useEffect(() => setText(readDraft(channelId, threadId)), [channelId, threadId, revision]);
  const change = (next: string) => {
    setText(next);
    writeDraft(channelId, threadId, next);
  };
  return [text, change];
}
