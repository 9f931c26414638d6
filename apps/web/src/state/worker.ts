/** Keeps the program itself on this device, so that it opens without a connection. */
export function registerWorker(): void {
  // A page from before an update may ask for a part that is gone; the new page has it.
  window.addEventListener("vite:preloadError", (event) => {
    event.preventDefault();
    location.reload();
  });
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  window.addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  });
}
