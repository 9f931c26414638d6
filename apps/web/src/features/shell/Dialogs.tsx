import { lazy, Suspense } from "react";
import { closeDialog, useUi } from "~/state/ui";

const QuickSwitcher = lazy(() => import("~/features/switcher/QuickSwitcher").then((module) => ({ default: module.QuickSwitcher })));
const Shortcuts = lazy(() => import("~/features/settings/Shortcuts").then((module) => ({ default: module.Shortcuts })));
const NewChannel = lazy(() => import("~/features/channel/NewChannel").then((module) => ({ default: module.NewChannel })));
const BrowseChannels = lazy(() => import("~/features/channel/BrowseChannels").then((module) => ({ default: module.BrowseChannels })));
const NewDirect = lazy(() => import("~/features/channel/NewDirect").then((module) => ({ default: module.NewDirect })));
const CategoryName = lazy(() => import("~/features/sidebar/CategoryName").then((module) => ({ default: module.CategoryName })));
const Invite = lazy(() => import("~/features/spaces/Invite").then((module) => ({ default: module.Invite })));
const Preferences = lazy(() => import("~/features/settings/Preferences").then((module) => ({ default: module.Preferences })));
const ChannelSettings = lazy(() => import("~/features/channel/ChannelSettings").then((module) => ({ default: module.ChannelSettings })));
const JumpToDate = lazy(() => import("~/features/messages/JumpToDate").then((module) => ({ default: module.JumpToDate })));
const DeleteMessage = lazy(() => import("~/features/messages/DeleteMessage").then((module) => ({ default: module.DeleteMessage })));
const History = lazy(() => import("~/features/messages/History").then((module) => ({ default: module.History })));
const Person = lazy(() => import("~/features/people/Person").then((module) => ({ default: module.Person })));
const NewSpace = lazy(() => import("~/features/spaces/NewSpace").then((module) => ({ default: module.NewSpace })));
const SpaceSettings = lazy(() => import("~/features/spaces/SpaceSettings").then((module) => ({ default: module.SpaceSettings })));
const Accounts = lazy(() => import("~/features/people/Accounts").then((module) => ({ default: module.Accounts })));
const AccountSettings = lazy(() => import("~/features/people/AccountSettings").then((module) => ({ default: module.AccountSettings })));

/** The one dialog that may be open; each is fetched when it is first used. */
export function Dialogs() {
  const dialog = useUi((state) => state.dialog);
  if (!dialog) return null;
  return <Suspense fallback={null}>{content()}</Suspense>;

  function content() {
    switch (dialog?.kind) {
      case "switcher":
        return <QuickSwitcher onClose={closeDialog} />;
      case "shortcuts":
        return <Shortcuts onClose={closeDialog} />;
      case "new-channel":
        return <NewChannel onClose={closeDialog} />;
      case "browse":
        return <BrowseChannels onClose={closeDialog} />;
      case "new-direct":
        return <NewDirect onClose={closeDialog} />;
      case "category":
        return <CategoryName name={dialog.name} channel={dialog.channel} onClose={closeDialog} />;
      case "invite":
        return <Invite onClose={closeDialog} />;
      case "preferences":
        return <Preferences onClose={closeDialog} />;
      case "channel":
        return <ChannelSettings channelId={dialog.channel} onClose={closeDialog} />;
      case "date":
        return <JumpToDate channelId={dialog.channel} from={dialog.from} onClose={closeDialog} />;
      case "delete":
        return <DeleteMessage message={dialog.message} onClose={closeDialog} />;
      case "history":
        return <History message={dialog.message} onClose={closeDialog} />;
      case "person":
        return <Person userId={dialog.user} onClose={closeDialog} />;
      case "new-space":
        return <NewSpace onClose={closeDialog} />;
      case "space":
        return <SpaceSettings spaceId={dialog.space} onClose={closeDialog} />;
      case "accounts":
        return <Accounts onClose={closeDialog} />;
      case "account":
        return <AccountSettings userId={dialog.user} onClose={closeDialog} />;
      default:
        return null;
    }
  }
}
