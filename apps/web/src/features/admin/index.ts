/** The console, which is fetched in one piece: its pages are small, and who opens one opens others. */
export { AdminScreen } from "./AdminScreen";
