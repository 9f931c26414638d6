import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { channels } from "~/api/operations";
import { putChannel } from "~/state/workspace";

/** Reads a channel that I have not joined; tells whether it cannot be read. */
export function useUnknownChannel(id: string, known: boolean): boolean {
  const query = useQuery({ queryKey: ["channel", id], queryFn: () => channels.one(id), enabled: !known, retry: false });
  const { data } = query;
  useEffect(() => {
    if (data && !known) putChannel(data);
  }, [data, known]);
  return query.isError;
}
