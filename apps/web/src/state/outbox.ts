import { t } from "@lingui/core/macro";
import { newKey } from "~/api/client";
import { SocketError } from "~/api/socket";
import type { Id } from "~/api/types";
import { problemWords } from "~/i18n/problems";
import { readLocal, writeLocal } from "./local";
import { connection } from "./session";
import type { Pending } from "./timeline";
import { timelineOf } from "./timelines";

/** Messages written but not acknowledged, in the order they were written. They survive a reload. */
let outbox: Pending[] = [];
const underWay = new Set<string>();
const queues = new Map<Id, Promise<void>>();

/** Other tabs keep theirs in the same place. */
function keep(gone?: string): void {
  const here = new Set([...outbox.map((entry) => entry.client_id), gone]);
  const kept = [...(readLocal<Pending[]>("outbox") ?? []).filter((entry) => !here.has(entry.client_id)), ...outbox];
  writeLocal("outbox", kept.length > 0 ? kept : undefined);
}

export function sendMessage(message: { channel_id: Id; thread_id: Id | null; reply_to?: Id | null; text: string }): void {
  const pending: Pending = {
    client_id: newKey(),
    channel_id: message.channel_id,
    thread_id: message.thread_id,
    reply_to: message.reply_to ?? null,
    text: message.text,
    created_at: new Date().toISOString(),
    state: "sending",
  };
  outbox = [...outbox, pending];
  keep();
  timelineOf(pending.channel_id, pending.thread_id).addPending(pending);
  queue(pending);
}

export function retry(clientId: string): void {
  const pending = outbox.find((entry) => entry.client_id === clientId);
  if (!pending) return;
  change(clientId, { state: "sending" });
  connection.retryNow();
  queue({ ...pending, state: "sending" });
}

export function discard(clientId: string): void {
  const pending = outbox.find((entry) => entry.client_id === clientId);
  outbox = outbox.filter((entry) => entry.client_id !== clientId);
  keep(clientId);
  if (pending) timelineOf(pending.channel_id, pending.thread_id).dropPending(clientId);
}

/** Puts what an earlier page left unsent back on the screen. */
export function restoreOutbox(): void {
  outbox = readLocal<Pending[]>("outbox") ?? [];
  for (const pending of outbox) timelineOf(pending.channel_id, pending.thread_id).addPending(pending);
}

/** Sends what waited for the connection. */
export function flushOutbox(): void {
  for (const pending of outbox) if (pending.state === "sending") queue(pending);
}

export function forgetOutbox(): void {
  outbox = [];
  underWay.clear();
  queues.clear();
}

function change(clientId: string, to: Partial<Pending>): void {
  outbox = outbox.map((entry) => (entry.client_id === clientId ? { ...entry, ...to } : entry));
  keep();
  const pending = outbox.find((entry) => entry.client_id === clientId);
  if (pending) timelineOf(pending.channel_id, pending.thread_id).changePending(clientId, to);
}

/** One at a time in each channel, so that they arrive in the order they were written. */
function queue(pending: Pending): void {
  if (underWay.has(pending.client_id)) return;
  underWay.add(pending.client_id);
  const before = queues.get(pending.channel_id) ?? Promise.resolve();
  const after = before.then(() => deliver(pending)).finally(() => underWay.delete(pending.client_id));
  queues.set(pending.channel_id, after);
}

async function deliver(pending: Pending): Promise<void> {
  if (!outbox.some((entry) => entry.client_id === pending.client_id)) return;
  try {
    const answer = await connection.send({
      channel_id: pending.channel_id,
      text: pending.text,
      client_id: pending.client_id,
      ...(pending.thread_id ? { thread_id: pending.thread_id } : {}),
      ...(pending.reply_to ? { reply_to: pending.reply_to } : {}),
    });
    outbox = outbox.filter((entry) => entry.client_id !== pending.client_id);
    keep(pending.client_id);
    const timeline = timelineOf(pending.channel_id, pending.thread_id);
    if (answer.type === "ack") {
      timeline.posted(answer.message);
      if (pending.thread_id) timelineOf(pending.channel_id).posted(answer.message);
    }
    timeline.dropPending(pending.client_id);
  } catch (error) {
    // What the end of a session left unsent is sent after signing in again.
    if (error instanceof SocketError && error.problem?.status === 401) return;
    if (error instanceof SocketError && error.problem) {
      change(pending.client_id, { state: "failed", problem: problemWords(error.problem) });
    } else if (error instanceof SocketError && error.late) {
      // Trying again stores it once: the key stays the same.
      change(pending.client_id, { state: "failed", problem: t`The server did not answer in time.` });
    }
  }
}
