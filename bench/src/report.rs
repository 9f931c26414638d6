//! The table and the JSON.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fanout::FanOut;
use crate::search::{Import, Search};
use crate::sends::Sends;
use crate::startup::Startup;

#[derive(Default)]
pub(crate) struct Table {
    lines: Vec<String>,
    rows: Vec<Value>,
}

impl Table {
    pub fn section(&mut self, title: &str) {
        self.lines.push(format!("\n{title}"));
    }

    /// A line of the table.
    pub fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// A figure of the JSON.
    pub fn row(&mut self, row: Value) {
        self.rows.push(row);
    }

    pub fn sends(&mut self, senders: usize, bare: &Sends, log: &Sends, ours: &Sends) {
        for (name, sends) in [("bare broadcaster", bare), ("log with fdatasync", log), ("PlexiChat", ours)] {
            self.lines.push(format!(
                "  {senders:>3} senders  {name:<20} {:>9.0}/s  p50 {:>8.2} ms  p99 {:>8.2} ms  {:>7.1} us CPU a message",
                sends.per_second, ms(sends.p50), ms(sends.p99), us(sends.cpu_per_message),
            ));
        }
        let ratio = ours.per_second / log.per_second;
        let aim = if senders == 1 { 0.8 } else { 0.5 };
        self.aim(&format!("{senders} senders, of the fsynced log"), ratio, aim, ratio >= aim);
        self.rows.push(json!({
            "figure": "sends", "senders": senders, "ratio_to_log": ratio,
            "bare": sends_json(bare), "log": sends_json(log), "plexichat": sends_json(ours),
        }));
    }

    pub fn fanout(&mut self, readers: usize, rate: u32, bare: &FanOut, ours: &FanOut) {
        for (name, fan) in [("bare broadcaster", bare), ("PlexiChat", ours)] {
            self.lines.push(format!(
                "  {readers:>5} readers, {rate:>3}/s  {name:<18} p50 {:>7.2} ms  p99 {:>7.2} ms  {:>6.2} us CPU a delivery  lost {}  doubled {}",
                ms(fan.p50), ms(fan.p99), us(fan.cpu_per_delivery), fan.lost, fan.doubled,
            ));
        }
        let cpu = us(ours.cpu_per_delivery) / us(bare.cpu_per_delivery).max(0.01);
        let p99 = ms(ours.p99) / ms(bare.p99).max(0.001);
        self.aim(&format!("{readers} readers, CPU of the bare broadcaster's"), cpu, 1.5, cpu <= 1.5);
        self.aim(&format!("{readers} readers, p99 of the bare broadcaster's"), p99, 2.0, p99 <= 2.0);
        self.rows.push(json!({
            "figure": "fan_out", "readers": readers, "rate": rate, "cpu_ratio": cpu, "p99_ratio": p99,
            "bare": fan_json(bare), "plexichat": fan_json(ours),
        }));
    }

    pub fn idle(&mut self, figures: &[(usize, u64)]) {
        let base = figures.first().map_or(0, |(_, resident)| *resident);
        for (connections, resident) in figures {
            let each = if *connections == 0 {
                0.0
            } else {
                float(resident.saturating_sub(base)) / float(*connections as u64)
            };
            self.lines.push(format!(
                "  {connections:>5} idle connections  {:>7.1} MB resident  {each:>5.1} KiB each",
                float(*resident) / 1_024.0
            ));
            if *connections > 0 {
                self.aim("KiB an idle connection", each, 16.0, each <= 16.0);
            }
            self.rows.push(json!({"figure": "idle", "connections": connections, "resident_kib": resident, "kib_each": each}));
        }
    }

    pub fn startup(&mut self, startup: &Startup) {
        let resident = float(startup.resident) / 1_024.0;
        self.lines.push(format!("  start to healthy {:.1} ms (median of 5)", ms(startup.median)));
        self.aim("start to healthy, ms", ms(startup.median), 100.0, ms(startup.median) <= 100.0);
        self.aim("MB resident at rest", resident, 40.0, resident <= 40.0);
        self.rows.push(json!({"figure": "start", "healthy_ms": ms(startup.median), "resident_mb": resident}));
    }

    pub fn import(&mut self, import: &Import) {
        let rate = float(import.messages) / import.seconds;
        self.lines.push(format!("  import: {} messages in {:.1} s", import.messages, import.seconds));
        self.aim("messages imported a second", rate, 20_000.0, rate >= 20_000.0);
        self.rows.push(json!({"figure": "import", "messages": import.messages, "seconds": import.seconds, "per_second": rate}));
    }

    pub fn search(&mut self, found: &Search) {
        let (query, slowest) = (&found.slowest.0, ms(found.slowest.1));
        self.lines.push(format!(
            "  search: p50 {:.1} ms  p95 {:.1} ms  slowest {slowest:.1} ms ({query})  without a hit: {:?}",
            ms(found.p50),
            ms(found.p95),
            found.empty
        ));
        self.aim("search p95, ms", ms(found.p95), 50.0, ms(found.p95) <= 50.0);
        self.rows.push(json!({"figure": "search", "p50_ms": ms(found.p50), "p95_ms": ms(found.p95), "slowest_ms": slowest, "slowest": query}));
    }

    pub fn json(&self) -> &[Value] {
        &self.rows
    }

    pub fn aim(&mut self, what: &str, value: f64, aim: f64, met: bool) {
        let verdict = if met { "met" } else { "NOT MET" };
        self.lines.push(format!("    aim {what}: {value:.2} against {aim} - {verdict}"));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn sends_json(sends: &Sends) -> Value {
    json!({"per_second": sends.per_second, "p50_ms": ms(sends.p50), "p99_ms": ms(sends.p99), "cpu_us": us(sends.cpu_per_message)})
}

fn fan_json(fan: &FanOut) -> Value {
    json!({"p50_ms": ms(fan.p50), "p99_ms": ms(fan.p99), "cpu_us": us(fan.cpu_per_delivery), "lost": fan.lost, "doubled": fan.doubled})
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "figures of a table, far below 2^52")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}
