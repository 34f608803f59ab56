//! An application that can misbehave, and a connector that runs it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process};
use serde_json::{Value as Json, json};
use servox::connector::{BuildError, ConnectorType, Registry};
use servox::connectors::process::ProcessConnector;
use servox::event::{Answer, Call, Context, Dispatched, EventError, Options, Outcome, Responder, dispatch};
use servox::model::{Adjustment, Control, Description};

/// Serves its environment and arguments; `MODE` says how it misbehaves.
const APP: &str = r#"
import http.server, json, os, signal, subprocess, sys, threading, time

mode = os.environ.get("MODE", "good")
port = int(os.environ["PORT"])
print("starting in mode", mode, flush=True)
if mode == "broken" or os.path.exists("poison"):
    print("cannot work like this", file=sys.stderr, flush=True)
    sys.exit(3)
if mode == "poisonous":
    open("poison", "w").close()
    print("poisoned", flush=True)
    sys.exit(4)
if mode == "short-lived":
    threading.Timer(1, lambda: (print("that was all", flush=True), os._exit(5))).start()
if mode == "hanging":
    print("hanging", flush=True)
    time.sleep(1000)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
workers = []
if mode == "parent":
    ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)"
    workers = [subprocess.Popen([sys.executable, "-c", ignore]).pid for _ in range(2)]
if mode == "flooding":
    def flood():
        while True:
            sys.stdout.write("x" * 100_000 + "\n")
    threading.Thread(target=flood, daemon=True).start()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            print("about to crash", flush=True)
            os._exit(7)
        body = json.dumps({"pid": os.getpid(), "workers": workers, "arguments": sys.argv[1:],
                           "environment": dict(os.environ)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True

Server(("127.0.0.1", port), Handler).serve_forever()
"#;

/// How long anything may take on a machine with much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Bench {
    pub folder: tempfile::TempDir,
    pub port: u16,
    pub connector: Arc<dyn Responder>,
    pub context: Context,
}

/// A port that nobody listens on, and that no outgoing connection is given in the meantime.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

pub fn config(folder: &Path, port: u16, overlay: &Json) -> Json {
    std::fs::write(folder.join("app.py"), APP).unwrap();
    let mut config = json!({
        "component": "web",
        "command": ["python3", "app.py", "--workers={workers}", "two words"],
        "directory": folder,
        "environment": {"PORT": port},
        "settings": {
            "workers": {"type": "range", "min": 1, "max": 8, "step": 1, "value": 2},
            "mode": {"type": "enum", "value": "good",
                     "values": ["good", "broken", "poisonous", "short-lived", "hanging", "stubborn", "parent", "flooding"]},
            "fixed": {"type": "enum", "values": [1, 2], "value": 1, "pinned": true, "env": "FIXED_VALUE"},
        },
        "health": {"http": format!("http://127.0.0.1:{port}/health"), "interval": "20ms", "timeout": "60s"},
        "stop": {"timeout": "20s"},
    });
    merge(&mut config, overlay);
    config
}

fn merge(base: &mut Json, overlay: &Json) {
    match (base, overlay) {
        (Json::Object(base), Json::Object(overlay)) => {
            for (key, value) in overlay {
                merge(base.entry(key).or_insert(Json::Null), value);
            }
        }
        (base, overlay) => *base = overlay.clone(),
    }
}

pub fn build(config: Json) -> Arc<dyn Responder> {
    let mut registry = Registry::empty();
    registry.register(ConnectorType::of::<ProcessConnector>());
    match registry.resolve("process").unwrap().build("my_process", config) {
        Ok(connector) => connector,
        Err(BuildError::Config(problems)) => panic!("{problems:?}"),
        Err(BuildError::Other(message)) => panic!("{message}"),
    }
}

impl Bench {
    pub fn new(overlay: &Json) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let connector = build(config(folder.path(), port, overlay));
        Self { folder, port, connector, context: Context::new("test") }
    }

    pub async fn call(&self, call: Call) -> Result<Vec<Answer>, EventError> {
        self.call_beside(&[], call).await
    }

    pub async fn call_beside(&self, others: &[Arc<dyn Responder>], call: Call) -> Result<Vec<Answer>, EventError> {
        let bus: Vec<_> = [self.connector.clone()].into_iter().chain(others.iter().cloned()).collect();
        match dispatch(&bus, &call, &Options::default(), &self.context).await? {
            Dispatched::Completed(outcomes) => Ok(outcomes.into_iter().map(|o: Outcome| o.result.unwrap()).collect()),
            Dispatched::Cancelled(error) => Err(error),
        }
    }

    pub async fn measure(&self) -> Result<Vec<Answer>, EventError> {
        self.call(Call::Measure { metrics: vec![], control: Control::default() }).await
    }

    pub async fn adjust(
        &self,
        setting: &str,
        value: impl Into<servox::model::Value>,
    ) -> Result<Description, EventError> {
        let answers = self.call(adjust(setting, value)).await?;
        let [Answer::Description(description)] = &answers[..] else { panic!("{answers:?}") };
        Ok(description.clone())
    }

    pub async fn value(&self, setting: &str) -> String {
        let answers = self.call(Call::Describe { control: Control::default() }).await.unwrap();
        let [Answer::Description(description)] = &answers[..] else { panic!("{answers:?}") };
        description.setting(&format!("web.{setting}")).unwrap().value.as_ref().unwrap().to_string()
    }

    /// What the application says of itself.
    pub fn ask(&self) -> Json {
        serde_json::from_str(&get(self.port, "/").expect("the application answers")).unwrap()
    }

    pub fn pid(&self) -> i32 {
        pid_of(&self.ask()["pid"])
    }

    pub async fn shutdown(&self) {
        self.call(Call::Shutdown).await.unwrap();
        TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free after a shutdown");
    }
}

pub fn adjust(setting: &str, value: impl Into<servox::model::Value>) -> Call {
    Call::Adjust { adjustments: vec![Adjustment::new("web", setting, value)], control: Control::default() }
}

pub fn pid_of(value: &Json) -> i32 {
    i32::try_from(value.as_i64().unwrap()).unwrap()
}

pub fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// Whether a process does anything yet; the remains of one that nobody waits for do not count.
pub fn alive(pid: i32) -> bool {
    if cfg!(target_os = "linux") {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
        return !stat.rsplit_once(')').unwrap().1.trim_start().starts_with(['Z', 'X']);
    }
    test_kill_process(Pid::from_raw(pid).unwrap()).is_ok()
}

pub fn within<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not come about in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}
