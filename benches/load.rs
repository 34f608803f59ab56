//! What the load connector costs, against a trivial server in a process of its own.
//!
//! ```text
//! cargo bench --bench load -- --rate 20000 --seconds 20 --client-cpu 0 --server-cpu 1
//! ```
//!
//! Without `--client-cpu` and `--server-cpu` both run where the system puts them. Pinning uses `taskset`; CPU time and
//! memory are read from `/proc`: both are Linux only.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use servox::connector::{Configurable, Connector};
use servox::connectors::load::{LoadConfiguration, LoadConnector};
use servox::event::Context;
use servox::model::{Control, Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--serve") {
        return serve();
    }
    if arguments.is_empty() {
        // As `cargo test --all-targets` runs it.
        return println!("run this with cargo bench");
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, default: i64| value(name).map_or(default, |text| text.parse().expect("a number"));
    if let Some(cpu) = value("--client-cpu") {
        let id = std::process::id().to_string();
        let pinned = Command::new("taskset").args(["-cp", &cpu, &id]).stdout(Stdio::null()).status();
        assert!(pinned.expect("taskset runs").success(), "the client cannot be pinned to CPU {cpu}");
    }
    let (server, address) = start_server(value("--server-cpu"));
    let _ends_with_this_process = Server(server);
    measure(&address, number("--rate", 20_000), number("--seconds", 20), number("--max-workers", 1_000));
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start_server(cpu: Option<String>) -> (Child, String) {
    let program = std::env::current_exe().expect("the benchmark knows its own path");
    let mut command = match cpu {
        Some(cpu) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &cpu]).arg(program);
            command
        }
        None => Command::new(program),
    };
    let mut server =
        command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
    let mut address = String::new();
    BufReader::new(server.stdout.take().expect("its output is a pipe")).read_line(&mut address).expect("an address");
    (server, address.trim().to_owned())
}

/// Answers every request at once with five bytes, as long as its parent lives.
fn serve() {
    std::thread::spawn(|| {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { continue };
            stream.set_nodelay(true).ok();
            tokio::spawn(async move {
                let mut buffer = [0_u8; 4096];
                let mut filled = 0;
                while let Ok(count @ 1..) = stream.read(&mut buffer[filled..]).await {
                    filled += count;
                    if buffer[..filled].ends_with(b"\r\n\r\n") {
                        filled = 0;
                        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
}

fn measure(address: &str, rate: i64, seconds: i64, max_workers: i64) {
    let mut config = LoadConfiguration::new(rate.to_string(), format!("GET http://{address}/"));
    config.max_workers = u32::try_from(max_workers).ok();
    config.reporting_interval = Duration::from_secs(3_600);
    let load = LoadConnector::new("load", config).expect("the configuration is right");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut control = Control { duration: Duration::from_secs(2), ..Control::default() };
    let run = |control: &Control| {
        runtime.block_on(load.measure(&[], control, &Context::new("bench"))).expect("the load succeeds")
    };
    run(&control);
    control.duration = Duration::from_secs(seconds);
    let (memory, cpu, begin) = (resident_kib(), cpu_seconds(), Instant::now());
    let half = std::time::Duration::from_secs_f64(control.duration.as_secs_f64() / 2.0);
    let half_way = std::thread::spawn(move || {
        std::thread::sleep(half);
        resident_kib()
    });
    let measurement = run(&control);
    let (wall, cpu) = (begin.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let values = measurement.scalars();
    println!(
        "asked {rate}/s, achieved {:.1}/s, errors {:.3} %, p50 {:.3} ms, p99 {:.3} ms, max {:.3} ms",
        values["rate_achieved"],
        values["error_rate"],
        values["latency_50th"],
        values["latency_99th"],
        values["latency_max"],
    );
    println!(
        "client: {:.3} CPU seconds a second over {wall:.1} s, memory {:.1} MiB at the begin, {:.1} MiB half-way, \
         {:.1} MiB at the end",
        cpu / wall,
        memory / 1024.0,
        half_way.join().unwrap_or(f64::NAN) / 1024.0,
        resident_kib() / 1024.0,
    );
    if let Some(errors) = measurement.annotations.get("errors") {
        println!("errors: {errors}");
    }
}

/// User and system time of this process; the kernel counts it in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(f64::NAN)
}
