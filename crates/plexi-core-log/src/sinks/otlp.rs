//! Events as OTLP has them (`ExportLogsServiceRequest` in the JSON encoding of protobuf).

use serde_json::{Value, json};

use crate::level::Level;
use crate::reader::LogRecord;

/// The request that hands over `records`.
pub(crate) fn request(program: &str, records: impl Iterator<Item = LogRecord>) -> Value {
    let records: Vec<Value> = records.map(|record| log_record(&record)).collect();
    json!({ "resourceLogs": [{
        "resource": { "attributes": [attribute("service.name", &Value::from(program))] },
        "scopeLogs": [{
            "scope": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "logRecords": records,
        }],
    }]})
}

fn log_record(record: &LogRecord) -> Value {
    // 64-bit numbers are texts in this encoding
    let nanos = record.time.map_or(0, |time| time.as_micros().saturating_mul(1_000)).to_string();
    let (number, text) = severity(record.level);
    let mut attributes: Vec<Value> =
        record.fields.iter().map(|(name, value)| attribute(name, value)).collect();
    let named = [("code.namespace", &record.target), ("correlation_id", &record.correlation_id)];
    for (name, value) in named {
        attributes.extend(value.as_deref().map(|value| attribute(name, &Value::from(value))));
    }
    json!({
        "timeUnixNano": nanos,
        "observedTimeUnixNano": nanos,
        "severityNumber": number,
        "severityText": text,
        "body": { "stringValue": record.message },
        "attributes": attributes,
    })
}

fn severity(level: Option<Level>) -> (u8, &'static str) {
    match level {
        Some(Level::Error) => (17, "ERROR"),
        Some(Level::Warn) => (13, "WARN"),
        Some(Level::Info) => (9, "INFO"),
        Some(Level::Debug) => (5, "DEBUG"),
        Some(Level::Trace) => (1, "TRACE"),
        Some(Level::Off) | None => (0, ""),
    }
}

fn attribute(key: &str, value: &Value) -> Value {
    let value = match value {
        Value::Bool(truth) => json!({ "boolValue": truth }),
        Value::Number(number) => match number.as_i64() {
            Some(number) => json!({ "intValue": number.to_string() }),
            None => json!({ "doubleValue": number.as_f64() }),
        },
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    };
    json!({ "key": key, "value": value })
}

/// How many records the answer says were refused.
pub(crate) fn rejected(answer: &str) -> u64 {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let count = &answer["partialSuccess"]["rejectedLogRecords"];
    count.as_u64().or_else(|| count.as_str()?.parse().ok()).unwrap_or_default()
}
