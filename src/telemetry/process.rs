//! What the system says of this process, under the names that all clients of Prometheus use.

/// Adds what can be known; nothing where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn render(text: &mut String) {
    use std::fmt::Write as _;

    let mut tell = |name: &str, kind: &str, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            // Writing to a String does not fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n");
        }
    };
    let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
    tell("process_cpu_seconds_total", "counter", "Time on processors, of the user and the system.", Some(cpu));
    let status = read("/proc/self/status");
    let kib = |key| field(&status, key).map(|kib| kib * 1024.0);
    tell("process_resident_memory_bytes", "gauge", "Memory that is resident.", kib("VmRSS:"));
    tell("process_virtual_memory_bytes", "gauge", "Memory that is addressed.", kib("VmSize:"));
    tell("process_threads", "gauge", "Threads.", field(&status, "Threads:"));
    let open = std::fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count().saturating_sub(1) as f64);
    tell("process_open_fds", "gauge", "Open file descriptors.", open);
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    tell("process_max_fds", "gauge", "The most file descriptors that may be open.", most.map(|most| most as f64));
    tell("process_start_time_seconds", "gauge", "When the process began, in seconds since 1970.", started());
}

/// Adds what can be known; nothing where the system does not say.
#[cfg(not(target_os = "linux"))]
pub(super) fn render(_text: &mut String) {}

#[cfg(target_os = "linux")]
fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The first number of a line that begins with that word.
#[cfg(target_os = "linux")]
fn field(text: &str, key: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

/// When the process began, in seconds since 1970. It does not change.
#[cfg(target_os = "linux")]
fn started() -> Option<f64> {
    static STARTED: std::sync::OnceLock<Option<f64>> = std::sync::OnceLock::new();
    *STARTED.get_or_init(|| {
        let booted = field(&read("/proc/stat"), "btime ")?;
        let stat = read("/proc/self/stat");
        // The second field is the name of the program in parentheses, with any characters in it.
        let ticks: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
        Some(booted + ticks / rustix::param::clock_ticks_per_second() as f64)
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn told_of_this_process() {
        let mut text = String::new();
        render(&mut text);
        let value =
            |name: &str| field(&text, &format!("{name} ")).unwrap_or_else(|| panic!("{name} is not in\n{text}"));
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_open_fds") >= 3.0 && value("process_open_fds") <= value("process_max_fds"));
        assert!(value("process_threads") >= 1.0);
        assert!(value("process_cpu_seconds_total") > 0.0);
        let now = jiff::Timestamp::now().as_second() as f64;
        assert!((now - 86_400.0..=now + 1.0).contains(&value("process_start_time_seconds")), "{text}");
    }
}
