//! The OpenAPI document as others see it. A change of the interface shows up here.

use plexi_web::openapi;
use plexi_web::operations::{Access, Operation, table};

use crate::world::{plain, world};

#[test]
fn who_may_call_what_changes_only_knowingly() {
    let row = |operation: &Operation| {
        let who = match operation.access {
            Access::Public => "anybody".to_owned(),
            Access::Session => "whoever is signed in, as the service decides".to_owned(),
            Access::System(permission) => permission.to_string(),
        };
        format!("{:<7}{:<52}{:<24}{who}", operation.method.as_str(), operation.path, operation.id)
    };
    let rows: Vec<String> = table().iter().map(row).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn the_document_changes_only_knowingly() {
    insta::assert_json_snapshot!(openapi::document());
}

#[tokio::test]
async fn the_document_and_its_reference_page_are_served_with_nothing_from_elsewhere() {
    let world = world().await;
    let fetch = async |path: &str| world.send(plain(path).body(axum::body::Body::empty()).unwrap()).await;
    let served = fetch("/api/v1/openapi.json").await;
    assert_eq!(served.json(), openapi::document());
    let page = fetch("/api/v1/docs").await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        !page.text().contains("http://")
            && !page.text().contains("https://")
            && !page.text().contains("<style")
    );
    for part in ["/api/v1/docs/reference.js", "/api/v1/docs/reference.css"] {
        assert!(page.text().contains(part));
        assert_eq!(fetch(part).await.status, 200, "{part}");
    }
}
