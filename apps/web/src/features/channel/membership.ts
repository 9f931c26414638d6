import { channels } from "~/api/operations";
import type { Channel } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { saveCategories, withChannel } from "~/state/categories";
import { changeChannel, dropChannel, putChannel } from "~/state/workspace";
import { toast } from "~/ui/Toasts";

const say = (error: unknown) => toast(errorWords(error));

export async function setFavourite(channel: Channel, favourite: boolean): Promise<void> {
  await setting(channel, { favourite });
}

export async function setMuted(channel: Channel, muted: boolean): Promise<void> {
  await setting(channel, { muted });
}

/** Puts a channel into one of my categories, or with `null` into none. */
export async function moveToCategory(channel: string, name: string | null): Promise<void> {
  try {
    await saveCategories((all) => withChannel(all, channel, name));
  } catch (error) {
    say(error);
  }
}

async function setting(channel: Channel, change: { favourite?: boolean; muted?: boolean }): Promise<void> {
  try {
    const membership = await channels.settings(channel.id, change);
    changeChannel(channel.id, () => ({ membership }));
  } catch (error) {
    say(error);
  }
}

export async function joinChannel(id: string): Promise<boolean> {
  try {
    putChannel(await channels.join(id));
    return true;
  } catch (error) {
    say(error);
    return false;
  }
}

export async function leaveChannel(channel: Channel): Promise<void> {
  try {
    await channels.leave(channel.id);
    if (channel.kind === "private") dropChannel(channel.id);
    else changeChannel(channel.id, () => ({ membership: null }));
  } catch (error) {
    say(error);
  }
}
