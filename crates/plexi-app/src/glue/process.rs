use std::path::PathBuf;

use plexi_web::{Exposition, MetricSource};

/// What this process takes of its machine, under the names that Prometheus has for it, and the room for its data.
pub(crate) struct Process {
    pub(crate) data_dir: PathBuf,
}

impl MetricSource for Process {
    fn collect(&self, into: &mut Exposition) {
        match crate::doctor::free(&self.data_dir) {
            Ok(free) => {
                let help = "Room for data, in bytes, on the disk of the data folder.";
                into.gauge("plexi_data_folder_free_bytes", help, &[], free);
            }
            Err(error) => tracing::debug!(%error, "room for data is not known"),
        }
        #[cfg(target_os = "linux")]
        linux::collect(into);
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use plexi_web::Exposition;
    use rustix::process::{Resource, getrlimit};

    /// Leaves out what the system does not tell.
    pub(super) fn collect(into: &mut Exposition) {
        let (ticks, page) = (rustix::param::clock_ticks_per_second(), rustix::param::page_size() as u64);
        let usage = fs::read_to_string("/proc/self/stat").ok();
        if let Some(Usage { processor, started, pages }) = usage.as_deref().and_then(Usage::read) {
            let micros = |count: u64| count.saturating_mul(1_000_000) / ticks.max(1);
            let help = "Time of processors that this process took, in seconds.";
            into.counter_micros("process_cpu_seconds_total", help, &[], micros(processor));
            let help = "Memory of this process that is in use, in bytes.";
            into.gauge("process_resident_memory_bytes", help, &[], pages.saturating_mul(page));
            let booted = fs::read_to_string("/proc/stat").ok().and_then(|text| boot_time(&text));
            if let Some(booted) = booted {
                let since = booted.saturating_mul(1_000_000).saturating_add(micros(started));
                let help = "When this process began, in seconds since 1970.";
                into.gauge_micros("process_start_time_seconds", help, &[], since);
            }
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            // one is that of the folder that is read
            let open = (files.count() as u64).saturating_sub(1);
            into.gauge("process_open_fds", "Files and connections that are open.", &[], open);
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            into.gauge("process_max_fds", "How many may be open.", &[], most);
        }
    }

    /// Of `/proc/self/stat`: ticks of processors, the tick of the system at which it began, pages in memory.
    #[derive(Debug, PartialEq, Eq)]
    struct Usage {
        processor: u64,
        started: u64,
        pages: u64,
    }

    impl Usage {
        fn read(text: &str) -> Option<Self> {
            // the name before may hold anything, brackets too
            let (_, after) = text.rsplit_once(')')?;
            let fields: Vec<&str> = after.split_ascii_whitespace().collect();
            let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
            Some(Self {
                processor: number(11)?.saturating_add(number(12)?),
                started: number(19)?,
                pages: number(21)?,
            })
        }
    }

    fn boot_time(text: &str) -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn usage_is_read_whatever_the_name_of_the_program_is() {
            let text = "42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 3 0 250 50 0 0 20 0 9 0 777 1000000 321 18446744073709551615 1 1 0 0";
            let read = Usage { processor: 300, started: 777, pages: 321 };
            assert_eq!(Usage::read(text), Some(read));
            assert_eq!(Usage::read("42 (short) S 1 2"), None);
            assert_eq!(Usage::read(""), None);
        }

        #[test]
        fn this_process_takes_memory_and_has_files_open() {
            let mut told = Exposition::default();
            collect(&mut told);
            let value = |name: &str| {
                let family = told.families().iter().find(|family| family.name == name).unwrap();
                family.samples[0].value.unwrap().as_f64()
            };
            assert!(value("process_resident_memory_bytes") > 100_000.0);
            assert!(
                value("process_open_fds") >= 3.0 && value("process_open_fds") <= value("process_max_fds")
            );
            assert!(value("process_cpu_seconds_total") >= 0.0);
            assert!(value("process_start_time_seconds") > 1.6e9);
        }
    }
}
