//! The built web client, embedded.
//!
//! A table of files, made at compile time from `apps/web/dist` (or the folder that the environment variable
//! `PLEXI_UI_DIST` names while compiling), each with its compressed siblings, media type and entity tag. Serving them is
//! up to the caller: this crate depends on nothing and knows no HTTP library.
//!
//! Building the client is not done here: `cargo xtask ui` does it. Without a client a development build embeds one plain
//! page that says so, and a release build fails.
//!
//! ```
//! let page = plexi_ui::index();
//! assert_eq!(page.content_type, "text/html; charset=utf-8");
//! assert!(plexi_ui::find("no/such/file.js").is_none());
//! ```

mod asset;

pub use asset::{Asset, all, find, index};
