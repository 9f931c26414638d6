/** What a browser calls itself, in few words: `Firefox, Linux`. */
export function deviceName(agent: string): string {
  const browser = ["Firefox", "Edg", "OPR", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "Browser";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name)) ?? "";
  const named = browser === "Edg" ? "Edge" : browser === "OPR" ? "Opera" : browser;
  return system ? `${named}, ${system}` : named;
}

/** The name of a session's device: some were told only what the browser sends with every request. */
export const shownDevice = (device: string): string => (device.startsWith("Mozilla/") ? deviceName(device) : device);
