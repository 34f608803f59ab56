//! An optimizer on the loopback interface that drives every servo which connects, as fast as they go.
//!
//! Each servo, one URL path each, is told DESCRIBE, then as many times as asked MEASURE and ADJUST, then SLEEP. When all
//! have come so far, one line of JSON gives the commands completed and the rate between the first greeting and the last
//! result. It then goes on to answer, until it is killed.
//!
//! `bench/loop_scale.py` runs it: `cargo bench --bench loop_optimizer -- PORT SERVOS CYCLES`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::rc::Rc;
use std::time::Instant;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

const OK: &str = r#"{"status": "ok"}"#;
const OUT_OF_ORDER: &str = r#"{"status": "unexpected-event", "reason": "out of order"}"#;
const SLEEP: &str = r#"{"cmd": "SLEEP", "param": {"duration": 600, "data": {"reason": "finished"}}}"#;

/// The parts of a message that matter.
#[derive(Deserialize)]
struct Message<'a> {
    event: &'a str,
    #[serde(default)]
    param: Option<Param<'a>>,
}

#[derive(Default, Deserialize)]
struct Param<'a> {
    #[serde(default)]
    status: Option<&'a str>,
    #[serde(default)]
    progress: Option<f64>,
    #[serde(default)]
    cmd_uid: Option<&'a str>,
}

/// Where a servo stands.
#[derive(Default)]
struct Servo {
    done: usize,
    pending: Option<&'static str>,
}

struct Optimizer {
    expected: usize,
    commands: usize,
    servos: HashMap<String, Servo>,
    first: Option<Instant>,
    completed: usize,
    finished: usize,
    errors: usize,
}

impl Optimizer {
    fn new(expected: usize, cycles: usize) -> Self {
        let commands = 1 + 2 * cycles;
        let servos = HashMap::with_capacity(expected);
        Self { expected, commands, servos, first: None, completed: 0, finished: 0, errors: 0 }
    }

    fn answer(&mut self, path: &str, body: &[u8], reply: &mut String) {
        reply.clear();
        let Ok(message) = serde_json::from_slice::<Message<'_>>(body) else {
            self.wrong(path, body);
            return reply.push_str(OUT_OF_ORDER);
        };
        let param = message.param.unwrap_or_default();
        if message.event == "HELLO" {
            self.first.get_or_insert_with(Instant::now);
        }
        if !self.servos.contains_key(path) {
            self.servos.insert(path.to_owned(), Servo::default());
        }
        let servo = self.servos.get_mut(path).expect("it was put there");
        match message.event {
            "HELLO" | "GOODBYE" => reply.push_str(OK),
            "WHATS_NEXT" => servo.command(self.commands, reply),
            _ if param.progress.is_some() => reply.push_str(OK),
            event => {
                let answers = param.cmd_uid.and_then(|uid| uid.strip_prefix("c-")?.parse().ok()) == Some(servo.done);
                if servo.pending != Some(event) || param.status != Some("ok") || !answers {
                    self.wrong(path, body);
                    return reply.push_str(OUT_OF_ORDER);
                }
                servo.pending = None;
                servo.done += 1;
                self.completed += 1;
                if servo.done == self.commands {
                    self.finished += 1;
                    if self.finished == self.expected {
                        self.tell();
                    }
                }
                reply.push_str(OK);
            }
        }
    }

    fn wrong(&mut self, path: &str, body: &[u8]) {
        self.errors += 1;
        if self.errors < 4 {
            let shown = &body[..body.len().min(300)];
            eprintln!("unexpected: {path} {}", String::from_utf8_lossy(shown));
        }
    }

    fn tell(&self) {
        let seconds = self.first.map_or(0.0, |first| first.elapsed().as_secs_f64());
        println!(
            r#"{{"servos": {}, "commands": {}, "errors": {}, "seconds": {seconds:.3}, "commands_per_s": {:.1}}}"#,
            self.expected,
            self.completed,
            self.errors,
            self.completed as f64 / seconds
        );
        let _ = std::io::stdout().flush();
    }
}

impl Servo {
    fn command(&mut self, commands: usize, reply: &mut String) {
        use std::fmt::Write;
        let number = self.done;
        let written = if number >= commands {
            reply.push_str(SLEEP);
            Ok(())
        } else if number == 0 {
            self.pending = Some("DESCRIPTION");
            write!(reply, r#"{{"cmd": "DESCRIBE", "cmd_uid": "c-{number}", "param": {{}}}}"#)
        } else if number % 2 == 1 {
            self.pending = Some("MEASUREMENT");
            let param = r#"{"metrics": ["throughput"], "control": {"duration": 1}}"#;
            write!(reply, r#"{{"cmd": "MEASURE", "cmd_uid": "c-{number}", "param": {param}}}"#)
        } else {
            self.pending = Some("ADJUSTMENT");
            let state = format!(
                r#"{{"application": {{"components": {{"web": {{"settings": {{"cpu": {{"value": {}}}}}}}}}}}}}"#,
                1 + number % 3
            );
            write!(
                reply,
                r#"{{"cmd": "ADJUST", "cmd_uid": "c-{number}", "param": {{"state": {state}, "control": {{}}}}}}"#
            )
        };
        written.expect("a String takes everything");
    }
}

/// Serves the requests of one connection; requests may come several at once.
async fn serve(mut stream: TcpStream, optimizer: Rc<RefCell<Optimizer>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut read, mut out, mut reply) = (Vec::with_capacity(4_096), Vec::new(), String::new());
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
        let mut at = 0;
        while let Some((path, body, end)) = request(&read[at..]) {
            optimizer.borrow_mut().answer(path, body, &mut reply);
            write!(
                out,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{reply}",
                reply.len()
            )?;
            at += end;
        }
        read.drain(..at);
        if !out.is_empty() {
            stream.write_all(&out).await?;
            out.clear();
        }
    }
}

/// The path and the body of a request that is there as a whole, and where it ends.
fn request(bytes: &[u8]) -> Option<(&str, &[u8], usize)> {
    let head = bytes.windows(4).position(|found| found == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let path = text.split(' ').nth(1)?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse::<usize>().ok() } else { None }
    });
    let (begin, end) = (head + 4, head + 4 + length.unwrap_or(0));
    (bytes.len() >= end).then(|| (path, &bytes[begin..end], end))
}

fn listener(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    socket.listen(4_096)
}

fn main() -> std::io::Result<()> {
    // `cargo bench` adds arguments of its own.
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let [port, servos, cycles] = numbers[..] else {
        // Among other benchmarks it has nothing to do.
        println!("loop_optimizer PORT SERVOS CYCLES: the optimizer of bench/loop_scale.py");
        return Ok(());
    };
    let port = u16::try_from(port).map_err(std::io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = listener(port)?;
        let optimizer = Rc::new(RefCell::new(Optimizer::new(servos, cycles)));
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::task::spawn_local(serve(stream, optimizer.clone()));
        }
    })
}
