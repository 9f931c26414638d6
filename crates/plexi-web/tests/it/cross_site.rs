//! What pages of other sites may not do with a browser that is signed in here.

use axum::body::Body;
use http::{Method, Request, header};
use plexi_web::operations::{Access, table};

use crate::authorisation::filled;
use crate::world::{World, plain, world};

fn by_cookie(world: &World, method: &Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut builder = plain(&format!("/api/v1{path}"))
        .method(method.clone())
        .header(header::COOKIE, &world.root.cookie)
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from("{}")).unwrap()
}

#[tokio::test]
async fn a_change_by_the_cookie_needs_evidence_of_the_own_origin() {
    let foreign: [&[(&str, &str)]; 6] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://sub.localhost:8080")],
        &[("sec-fetch-site", "none")],
    ];
    let own: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-site", "same-origin")],
        &[("origin", "http://localhost:8080")],
        &[("origin", "http://127.0.0.1:8080")],
    ];
    let world = world().await;
    let changing = table().into_iter().filter(|row| !row.method.is_safe() && row.access != Access::Public);
    // Signing out ends the session that the others are tried with.
    for operation in changing.filter(|row| !row.id.starts_with("auth.")) {
        let path = filled(operation.path, &world);
        for headers in foreign {
            let reply = world.send(by_cookie(&world, &operation.method, &path, headers)).await;
            assert_eq!(
                (reply.status, &*reply.code()),
                (403, "SECURITY_CROSS_SITE"),
                "{} {headers:?}",
                operation.id
            );
        }
        for headers in own {
            let reply = world.send(by_cookie(&world, &operation.method, &path, headers)).await;
            assert_ne!(reply.code(), "SECURITY_CROSS_SITE", "{} {headers:?}", operation.id);
        }
    }
}

#[tokio::test]
async fn signing_in_from_another_site_is_refused_and_from_a_script_is_not() {
    let world = world().await;
    let post = |origin: Option<&str>| {
        let mut builder =
            plain("/api/v1/auth/sign-in").method(Method::POST).header("content-type", "application/json");
        if let Some(origin) = origin {
            builder = builder.header("origin", origin);
        }
        builder.body(Body::from(r#"{"name":"root","password":"wrong"}"#)).unwrap()
    };
    assert_eq!(world.send(post(Some("https://evil.example"))).await.code(), "SECURITY_CROSS_SITE");
    assert_eq!(world.send(post(None)).await.code(), "AUTH_INVALID_CREDENTIALS");
}

#[tokio::test]
async fn no_origin_is_ever_allowed_to_read() {
    let world = world().await;
    for origin in ["https://evil.example", "http://localhost:8080", "null"] {
        let preflight = plain("/api/v1/users/me")
            .method(Method::OPTIONS)
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .body(Body::empty())
            .unwrap();
        let reply = world.send(preflight).await;
        assert_eq!(reply.status, 405);
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{origin}");
        assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let world = world().await;
    for (host, expected) in [
        ("localhost:8080", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.168.1.10:8080", 421),
    ] {
        let request = Request::builder()
            .uri("/api/v1/system/version")
            .header("host", host)
            .body(Body::empty())
            .unwrap();
        assert_eq!(world.send(request).await.status, expected, "{host}");
    }
    let request = Request::builder().uri("/api/v1/system/version").body(Body::empty()).unwrap();
    assert_eq!(world.send(request).await.code(), "SECURITY_HOST_REFUSED");
    let probe =
        Request::builder().uri("/health/live").header("host", "10.1.2.3:8080").body(Body::empty()).unwrap();
    assert_eq!(world.send(probe).await.status, 200, "probes come by address");
}
