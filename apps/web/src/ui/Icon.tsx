import type { ReactNode } from "react";

/** Our own icons on a 20 grid, drawn with one line weight. */
const paths = {
  hash: <path d="M8 3.5 6.4 16.5M13.6 3.5 12 16.5M3.8 7.6h13M3.2 12.4h13" />,
  lock: <><rect x="4.5" y="9" width="11" height="7.5" rx="1.8" /><path d="M7 9V6.8a3 3 0 0 1 6 0V9" /></>,
  plus: <path d="M10 4.2v11.6M4.2 10h11.6" />,
  close: <path d="m5.2 5.2 9.6 9.6M14.8 5.2l-9.6 9.6" />,
  search: <><circle cx="9" cy="9" r="5" /><path d="m12.8 12.8 3.7 3.7" /></>,
  chevron: <path d="m6 8 4 4 4-4" />,
  next: <path d="m8 6 4 4-4 4" />,
  down: <path d="M10 4v11M5.5 10.7 10 15.2l4.5-4.5" />,
  up: <path d="M10 16V5M5.5 9.3 10 4.8l4.5 4.5" />,
  back: <path d="M15.5 10h-11M9 5.2 4.2 10 9 14.8" />,
  menu: <path d="M3.5 6h13M3.5 10h13M3.5 14h13" />,
  more: <><circle cx="4.8" cy="10" r="1.1" fill="currentColor" /><circle cx="10" cy="10" r="1.1" fill="currentColor" /><circle cx="15.2" cy="10" r="1.1" fill="currentColor" /></>,
  smile: <><circle cx="10" cy="10" r="6.6" /><path d="M7.3 11.7a3.3 3.3 0 0 0 5.4 0M7.7 8v.2M12.3 8v.2" /></>,
  thread: <path d="M4 4.5h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H9.5L6 16.6v-3.1H4a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1ZM6.3 7.7h7.4M6.3 10.5h4.6" />,
  reply: <path d="M8.2 5 3.8 9.2l4.4 4.2M4.2 9.2h7.3c2.8 0 4.7 1.8 4.7 4.6v1" />,
  pin: <path d="M7.4 3.5h5.2M8.2 3.5v5L6 11.2v1.3h8v-1.3l-2.2-2.7v-5M10 12.5v4.3" />,
  edit: <path d="m4 16 .8-3.4 8.3-8.3a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2l-8.3 8.3L4 16ZM11.6 5.8l2.6 2.6" />,
  trash: <path d="M4.2 6h11.6M8 6V4.2h4V6M5.6 6l.7 9.6h7.4l.7-9.6M8.6 8.8v4M11.4 8.8v4" />,
  link: <path d="M8.4 11.6a3 3 0 0 0 4.3 0l2.6-2.6a3 3 0 0 0-4.3-4.3l-1 1M11.6 8.4a3 3 0 0 0-4.3 0L4.7 11A3 3 0 0 0 9 15.3l1-1" />,
  people: <><circle cx="7.6" cy="7.2" r="2.7" /><path d="M2.8 16c.3-2.8 2.2-4.4 4.8-4.4s4.5 1.6 4.8 4.4M13 4.9a2.6 2.6 0 0 1 0 4.8M14.4 11.9c1.6.6 2.6 2 2.8 4.1" /></>,
  settings: <><circle cx="10" cy="10" r="2.4" /><path d="M10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.5 1.5M13.5 13.5 15 15M15 5l-1.5 1.5M6.5 13.5 5 15" /></>,
  star: <path d="m10 3.6 2 4.1 4.5.6-3.3 3.1.8 4.5-4-2.2-4 2.2.8-4.5L3.5 8.3 8 7.7l2-4.1Z" />,
  bell: <path d="M10 3.4a4.4 4.4 0 0 0-4.4 4.4c0 3.6-1.4 4.8-1.4 5.6h11.6c0-.8-1.4-2-1.4-5.6A4.4 4.4 0 0 0 10 3.4ZM8.4 15.6a1.7 1.7 0 0 0 3.2 0" />,
  bellOff: <path d="M7 4.6a4.4 4.4 0 0 1 7.4 3.2c0 3.6 1.4 4.8 1.4 5.6H8M5.6 8c0 3.4-1.4 4.6-1.4 5.4M8.4 15.6a1.7 1.7 0 0 0 3.2 0M3.6 3.6l12.8 12.8" />,
  calendar: <><rect x="3.5" y="4.8" width="13" height="11.7" rx="1.8" /><path d="M3.5 8.6h13M7 3.2v3M13 3.2v3" /></>,
  send: <path d="M4 10h11.5M10.8 4.8 16 10l-5.2 5.2" />,
  check: <path d="m4.5 10.5 3.6 3.6 7.4-8" />,
  warning: <path d="M10 4 3 16h14L10 4ZM10 8.6v3.6M10 14.2v.1" />,
  archive: <path d="M3.5 4.5h13v3.2h-13zM4.8 7.7v7.8h10.4V7.7M8.2 10.6h3.6" />,
  leave: <path d="M11.5 4H5.2v12h6.3M9 10h8M14 7l3 3-3 3" />,
  retry: <path d="M15.6 8.4A6 6 0 1 0 16 11M15.8 4.4v4h-4" />,
  keyboard: <><rect x="2.8" y="5.5" width="14.4" height="9" rx="1.6" /><path d="M5.6 8.3v.1M8.5 8.3v.1M11.5 8.3v.1M14.4 8.3v.1M6.8 11.6h6.4" /></>,
  invite: <><circle cx="8.4" cy="7.2" r="2.8" /><path d="M3.2 16c.3-2.9 2.3-4.6 5.2-4.6 1 0 2 .2 2.7.6M14.3 12v5M11.8 14.5h5" /></>,
  copy: <><rect x="7" y="7" width="9.5" height="9.5" rx="1.6" /><path d="M13 7V5a1.5 1.5 0 0 0-1.5-1.5H5A1.5 1.5 0 0 0 3.5 5v6.5A1.5 1.5 0 0 0 5 13h2" /></>,
  history: <path d="M4.4 8.4A6 6 0 1 1 4 11M4.2 4.4v4h4M10 7v3.3l2.3 1.4" />,
  server: <><rect x="3.5" y="4" width="13" height="5" rx="1.5" /><rect x="3.5" y="11" width="13" height="5" rx="1.5" /><path d="M6.4 6.5v.1M6.4 13.5v.1" /></>,
  pencil: <path d="m4 16 .8-3.4 8.3-8.3 2.6 2.6-8.3 8.3L4 16Z" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof paths;

/** Signs that point somewhere point the other way where one reads from right to left. */
const DIRECTED: readonly IconName[] = ["back", "next", "send", "reply", "leave", "retry", "history"];

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      data-directed={DIRECTED.includes(name) || undefined}
      aria-hidden="true"
      focusable="false"
    >
      {paths[name]}
    </svg>
  );
}
