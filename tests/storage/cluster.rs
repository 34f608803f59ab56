//! A PostgreSQL server of the tests' own: in a folder that is removed, on a port of this machine, ended with the tests.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;

use tempfile::TempDir;

/// Everybody has it, and it owns nothing: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;
/// Of a kind that has to be escaped in a URL.
pub const PASSWORD: &str = "p@ss:w/ord?";
pub const ESCAPED: &str = "p%40ss%3Aw%2Ford%3F";

const MISSING: &str = "These tests need the programs of PostgreSQL 12 or newer, and found no `initdb`. Set them up with \
    `make postgres`, or install them (Debian, Ubuntu: apt-get install postgresql), or name their folder in \
    SERVO_POSTGRES_BIN.";

/// A running server.
pub struct Cluster {
    folder: TempDir,
    port: u16,
    server: Mutex<Option<Child>>,
}

impl Cluster {
    /// The one that all tests share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One of a test's own.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("servo-pg").tempdir_in("/tmp").expect("a folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder");
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).expect("a file");
        hand_over(folder.path());
        let mut init = program("initdb", folder.path());
        init.args(["--username=servo", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]);
        init.arg("--pwfile").arg(&password).arg("-D").arg(&data);
        let output = init.output().expect("initdb");
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        // Free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let cluster = Self { folder, port, server: Mutex::new(None) };
        cluster.begin();
        cluster
    }

    /// Starts the server and waits until it takes connections.
    pub fn begin(&self) {
        let folder = self.folder.path().display().to_string();
        // The shell ends the server when the tests are gone, however they went: then nobody holds its standard input.
        let script = "\"$@\" <&- & server=$!; read -r word; kill -INT $server; wait $server; \
                      [ \"$word\" = pause ] || rm -rf \"$FOLDER\"";
        let postgres = programs().join("postgres");
        let mut command = as_nobody("/bin/sh", self.folder.path());
        command.args(["-c", script, "sh"]).arg(postgres).arg("-D").arg(format!("{folder}/data"));
        for option in [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={folder}"),
            "fsync=off".into(),
            "max_connections=30".into(),
        ] {
            command.arg("-c").arg(option);
        }
        command.env("FOLDER", &folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("postgres");
        let log = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        *self.server.lock().unwrap() = Some(child);
        let (sender, lines) = mpsc::channel();
        // Read to its end: a full pipe would stop the server.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        let mut told = Vec::new();
        while !told.last().is_some_and(|line: &String| line.contains("ready to accept connections")) {
            match lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) if !line.contains("FATAL") => told.push(line),
                end => panic!("postgres did not start: {end:?} after {told:?}"),
            }
        }
    }

    /// Ends the server; `begin` starts it again.
    pub fn end(&self) {
        if let Some(mut child) = self.server.lock().unwrap().take() {
            let mut input = child.stdin.take().expect("a pipe");
            let _ = input.write_all(b"pause\n");
            drop(input);
            child.wait().expect("postgres");
        }
    }

    /// A new database of that name.
    pub fn database(&self, name: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{name}_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://servo:{ESCAPED}@127.0.0.1:{}/{database}", self.port)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs statements, and returns the first column of what the last one gives.
    pub fn sql(&self, database: &str, statements: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let url = format!("{}?sslmode=disable", self.url(database));
            let (client, connection) =
                tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("a connection");
            let connection = tokio::spawn(connection);
            let rows = client.simple_query(statements).await.expect("statements that run");
            drop(client);
            let _ = connection.await;
            let rows = rows.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
                _ => None,
            });
            rows.collect()
        })
    }

    /// Ends the connections to a database, as an operator may.
    pub fn disconnect(&self, database: &str) -> usize {
        let statement = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        );
        self.sql("postgres", &statement).len()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// The folder of PostgreSQL's programs.
fn programs() -> PathBuf {
    let mut folders: Vec<PathBuf> = std::env::var_os("SERVO_POSTGRES_BIN").map(PathBuf::from).into_iter().collect();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/postgres/bin"));
    let found = folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file());
    found.unwrap_or_else(|| panic!("{MISSING}"))
}

fn program(name: &str, folder: &Path) -> Command {
    as_nobody(programs().join(name), folder)
}

fn as_nobody(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C");
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Gives the folder to who runs the server.
fn hand_over(folder: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    chown(folder, Some(NOBODY), Some(NOBODY)).expect("the folder's owner");
    for entry in fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        chown(entry.path(), Some(NOBODY), Some(NOBODY)).expect("a file's owner");
    }
}
