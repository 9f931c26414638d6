use axum::body::Bytes;
use plexi_ui::Asset;
use plexi_web::{UiAsset, UiAssets};

/// The web client that is part of the program.
pub(crate) struct EmbeddedUi;

impl UiAssets for EmbeddedUi {
    fn find(&self, path: &str) -> Option<UiAsset> {
        plexi_ui::find(path).map(served)
    }

    fn index(&self) -> UiAsset {
        served(plexi_ui::index())
    }
}

fn served(asset: &'static Asset) -> UiAsset {
    UiAsset {
        content_type: asset.content_type,
        etag: asset.etag.to_owned(),
        immutable: asset.immutable,
        identity: Bytes::from_static(asset.identity),
        brotli: asset.brotli.map(Bytes::from_static),
        gzip: asset.gzip.map(Bytes::from_static),
    }
}
