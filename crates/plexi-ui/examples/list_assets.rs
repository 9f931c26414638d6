//! Lists what is embedded: size as built, with gzip, with brotli, and the path.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

fn main() {
    for asset in plexi_ui::all() {
        let size =
            |bytes: Option<&[u8]>| bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.len().to_string());
        println!(
            "{:>9} {:>9} {:>9}  {}{}",
            asset.identity.len(),
            size(asset.gzip),
            size(asset.brotli),
            asset.path,
            if asset.immutable { "  (immutable)" } else { "" }
        );
    }
}
