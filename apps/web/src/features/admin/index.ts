/** The console, which is fetched in one piece: its pages are small, and who opens one opens others. */
export { AdminScreen } from "./AdminScreen";
export { Logs } from "./Logs";
export { Overview } from "./Overview";
export { Supervisor } from "./Supervisor";
