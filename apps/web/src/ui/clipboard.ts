import { t } from "@lingui/core/macro";
import { toast } from "./Toasts";

/** Copies a text and says so. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(t`The browser did not allow copying.`);
  }
}
