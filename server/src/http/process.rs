//! What this process takes of the machine, as Linux tells it in `/proc`. Elsewhere nothing is known.

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    /// Processor time since the process began, in seconds.
    pub(super) cpu_seconds: f64,
    /// Bytes of memory that are resident.
    pub(super) resident_bytes: u64,
    /// Bytes of address space.
    pub(super) virtual_bytes: u64,
    pub(super) threads: u64,
    /// Files and sockets that are open, and how many may be; `None` where that is not limited.
    pub(super) open_files: u64,
    pub(super) max_files: Option<u64>,
    /// When the process began, in seconds since 1970.
    pub(super) started: f64,
}

/// Ticks of a second of processor time: what Linux has told programs since it has `/proc`.
const TICKS: f64 = 100.0;

impl Usage {
    /// What is known now.
    pub(super) fn now() -> Option<Self> {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{name}")).ok();
        let status = read("self/status")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        // The command's name, in parentheses, may have spaces in it.
        let stat = read("self/stat")?;
        let (_, rest) = stat.rsplit_once(')')?;
        let ticks = |place: usize| rest.split_whitespace().nth(place)?.parse::<f64>().ok();
        let limits = read("self/limits")?;
        let max_files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        let max_files = max_files.and_then(|line| line.split_whitespace().next()?.parse().ok());
        let machine = read("stat")?;
        let booted = machine.lines().find_map(|line| line.strip_prefix("btime "))?;
        Some(Self {
            cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS,
            resident_bytes: field("VmRSS")? << 10,
            virtual_bytes: field("VmSize")? << 10,
            threads: field("Threads")?,
            open_files: std::fs::read_dir("/proc/self/fd").ok()?.count() as u64,
            max_files,
            started: booted.trim().parse::<f64>().ok()? + ticks(19)? / TICKS,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_something() {
        let usage = Usage::now().unwrap();
        assert!(usage.resident_bytes > 0 && usage.virtual_bytes >= usage.resident_bytes);
        assert!(usage.threads > 0 && usage.open_files > 0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!(usage.started > 1e9 && usage.started <= now + 1.0, "{} {now}", usage.started);
    }
}
