//! The OpenAPI 3.1 document, written from the table of operations: what is routed is documented, and as it is checked.

use std::fmt::Write as _;

use bytes::Bytes;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::contract::drop_null_defaults;
use crate::error::ErrorBody;
use crate::operations::{Access, BASE, Operation, table};
use crate::stack::authentication::COOKIE;

/// The document.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    // Before all others, so that no other type takes its name.
    let error = generator.subschema_for::<ErrorBody>().to_value();
    let mut paths: Map<String, Value> = Map::new();
    for operation in table() {
        let path = format!("{BASE}{}", operation.path);
        let method = operation.method.as_str().to_ascii_lowercase();
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(method, describe(&operation, &mut generator));
        }
    }
    let schemas = Value::Object(generator.take_definitions(true).into_iter().collect());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "PlexiChat",
            "version": "1",
            "description": "Everything the web client does. The WebSocket at /api/v1/ws is described in docs/API.md.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Error": {
                "description": "Refused or failed; the code says why.",
                "headers": correlation_header(),
                "content": {"application/problem+json": {"schema": error}},
            }},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "biscuit"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    });
    drop_null_defaults(&mut document);
    document
}

/// The document as text.
pub(crate) fn text() -> Bytes {
    Bytes::from(document().to_string())
}

fn tags() -> Value {
    let mut names: Vec<&str> = table().iter().map(Operation::tag).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| json!({"name": name})).collect()
}

fn correlation_header() -> Value {
    json!({"X-Correlation-Id": {
        "description": "Joins this answer with the server's log.",
        "schema": {"type": "string", "pattern": "^req-[A-Za-z0-9._-]{1,60}$"},
    }})
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut entry = json!({
        "operationId": operation.id.replace('.', "_"),
        "tags": [operation.tag()],
        "summary": operation.summary,
        "description": description(operation),
        "parameters": parameters(operation),
        "responses": responses(operation, generator),
        "security": match operation.access {
            Access::Public => json!([]),
            Access::Session | Access::System(_) => json!([{"bearer": []}, {"cookie": []}]),
        },
        "x-limit-class": operation.class.as_str(),
    });
    if let (true, Some(entry)) = (operation.octets, entry.as_object_mut()) {
        let body = json!({"required": true, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}});
        entry.insert("requestBody".into(), body);
    }
    if let (Some(contract), Some(entry)) = (&operation.body_contract, entry.as_object_mut()) {
        let schema = untitled(contract.schema());
        let body = json!({"required": true, "content": {"application/json": {"schema": schema}}});
        entry.insert("requestBody".into(), body);
    }
    entry
}

fn description(operation: &Operation) -> String {
    let mut text = match operation.access {
        Access::Public => String::from("Anybody may call it."),
        Access::Session => String::from("Needs a session; what is not visible to the caller answers 404."),
        Access::System(permission) => format!("Needs the system permission `{permission}`."),
    };
    if operation.body_contract.is_some() || operation.octets {
        // infallible: writing to a String
        let _ = write!(text, " The body is at most {} bytes.", operation.body_limit);
    }
    text
}

fn parameters(operation: &Operation) -> Value {
    let mut list = Vec::new();
    // Path parameters in the order of the path.
    for part in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        if let Some((_, schema)) = operation.path_contract.properties().find(|(name, _)| *name == part) {
            list.push(parameter("path", part, true, schema));
        }
    }
    for (name, schema) in operation.query_contract.properties() {
        list.push(parameter("query", name, operation.query_contract.requires(name), schema));
    }
    if operation.idempotent {
        let schema =
            json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$"});
        list.push(parameter("header", "Idempotency-Key", false, &schema));
    }
    if operation.conditional {
        list.push(parameter("header", "If-Match", false, &json!({"type": "string", "maxLength": 256})));
    }
    Value::Array(list)
}

fn parameter(place: &str, name: &str, required: bool, schema: &Value) -> Value {
    let mut schema = schema.clone();
    let described = schema.as_object_mut().and_then(|object| object.remove("description"));
    let mut entry = json!({"in": place, "name": name, "required": required, "schema": schema});
    if let (Some(described), Some(entry)) = (described, entry.as_object_mut()) {
        entry.insert("description".into(), described);
    }
    entry
}

fn responses(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut all = Map::new();
    for status in operation.answer.statuses {
        let mut response = json!({"description": phrase(*status), "headers": correlation_header()});
        if let (Some(schema), Some(response)) = (operation.answer.schema, response.as_object_mut()) {
            let schema = schema(generator).to_value();
            response.insert("content".into(), json!({operation.answer.media_type: {"schema": schema}}));
        }
        all.insert(status.to_string(), response);
    }
    if operation.method == http::Method::GET {
        all.insert("304".into(), json!({"description": "The client has it already (`If-None-Match`)."}));
    }
    for status in refusals(operation) {
        all.insert(status.to_string(), json!({"$ref": "#/components/responses/Error"}));
    }
    Value::Object(all)
}

/// The statuses of the catalogue that this operation can answer with.
fn refusals(operation: &Operation) -> Vec<u16> {
    let mut statuses = vec![400, 404, 408, 421, 422, 429, 500, 503, 507];
    if operation.access != Access::Public {
        statuses.extend([401, 403]);
    }
    if !operation.method.is_safe() {
        statuses.extend([403, 409]);
    }
    if operation.id.starts_with("auth.") {
        statuses.push(401);
    }
    if operation.body_contract.is_some() || operation.octets {
        statuses.extend([413, 415]);
    }
    statuses.extend(operation.refuses);
    if operation.conditional {
        statuses.push(412);
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn phrase(status: u16) -> &'static str {
    match status {
        201 => "Made.",
        204 => "Done.",
        _ => "Found.",
    }
}

fn untitled(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(object) = schema.as_object_mut() {
        object.remove("title");
    }
    schema
}

/// The contracts that the document shows, for tests that compare.
#[cfg(test)]
fn contracts(operation: &Operation) -> impl Iterator<Item = &crate::contract::Contract> {
    [Some(&operation.path_contract), Some(&operation.query_contract), operation.body_contract.as_ref()]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_is_there_once_and_every_reference_leads_somewhere() {
        let document = document();
        let ids: BTreeSet<&str> = table().iter().map(|operation| operation.id).collect();
        assert_eq!(ids.len(), table().len(), "an operation id is used twice");
        let text = document.to_string();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("\"$ref\":\"#") {
            rest = &rest[at + 9..];
            let pointer = &rest[..rest.find('"').unwrap()];
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn inputs_refuse_unknown_fields_and_path_parameters_are_all_described() {
        for operation in table() {
            for contract in contracts(&operation) {
                assert_eq!(contract.schema()["additionalProperties"], json!(false), "{}", operation.id);
            }
            let named: BTreeSet<&str> = operation
                .path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let described: BTreeSet<&str> =
                operation.path_contract.properties().map(|(name, _)| name).collect();
            assert_eq!(named, described, "{}", operation.id);
        }
    }
}
