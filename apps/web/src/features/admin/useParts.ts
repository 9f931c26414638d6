import { useQuery } from "@tanstack/react-query";
import { admin } from "~/api/admin";

const EVERY = 2_000;

/** The parts of the server as they are now. */
export const useParts = () => useQuery({ queryKey: ["admin", "parts"], queryFn: ({ signal }) => admin.parts(signal), refetchInterval: EVERY });
