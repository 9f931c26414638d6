import { get, patch, post } from "./client";
import type { About, ConfigApplied, ConfigCompared, ConfigEdited, Configured, Health, LevelChange, LogFile, LogLevel, LogLevels, LogTail, MetricsHistory, MetricsRange, Part, Remembered, ServerStatus } from "./types";

/** Which lines of which file. */
export interface LogQuery {
  file: string;
  tail_kb: number;
  /** How many at most, the newest. */
  lines: number;
  level?: LogLevel;
  text?: string;
}

/** What those who run the server ask of it. */
export const admin = {
  status: (signal?: AbortSignal) => get<ServerStatus>("/admin/status", undefined, signal),
  /** Answers also when the server is not ready, with a status of failure. */
  health: async (signal: AbortSignal): Promise<Health> => {
    const answer = await fetch("/health/ready", { signal, cache: "no-store" });
    return (await answer.json()) as Health;
  },
  parts: (signal?: AbortSignal) => get<{ items: Part[] }>("/admin/supervisor", undefined, signal),
  restart: (path: string) => post<void>("/admin/supervisor/restart", { path }),
  remembered: (signal?: AbortSignal) => get<{ items: Remembered[] }>("/admin/cache", undefined, signal),
  forget: (name?: string) => post<void>("/admin/cache/flush", name ? { name } : {}),
  config: (signal?: AbortSignal) => get<Configured>("/admin/config", undefined, signal),
  checkConfig: (version: number, changes: Record<string, unknown>) => post<ConfigEdited>("/admin/config/check", { version, changes }),
  saveConfig: (version: number, changes: Record<string, unknown>) => patch<ConfigEdited>("/admin/config", { version, changes }),
  configHistory: (signal?: AbortSignal) => get<{ items: ConfigApplied[] }>("/admin/config/history", undefined, signal),
  compareConfig: (number: number, signal?: AbortSignal) => get<ConfigCompared>(`/admin/config/history/${number}`, undefined, signal),
  rollBackConfig: (number: number, version: number) => post<ConfigEdited>("/admin/config/rollback", { number, version }),
  logLevels: (signal?: AbortSignal) => get<LogLevels>("/admin/logs/levels", undefined, signal),
  changeLogLevels: (change: LevelChange) => patch<LogLevels>("/admin/logs/levels", change),
  about: (signal?: AbortSignal) => get<About>("/admin/about", undefined, signal),
  logFiles: (signal?: AbortSignal) => get<{ items: LogFile[] }>("/admin/logs/files", undefined, signal),
  metricsHistory: (range: MetricsRange, signal?: AbortSignal) => get<MetricsHistory>("/admin/metrics/history", { range }, signal),
  log: (query: LogQuery, signal?: AbortSignal) => get<LogTail>("/admin/logs/view", { ...query }, signal),
};
