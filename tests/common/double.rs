//! An optimizer on the loopback interface that works as the protocol says, but for the faults that a test wants.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::wire;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Hello,
    WhatsNext,
    Progress,
    Result,
    Goodbye,
    /// A request for a token.
    Token,
}

/// A message that came.
#[derive(Clone, Debug)]
pub struct Post {
    pub kind: Kind,
    /// How many of that kind, and for results of that command, came before.
    pub nth: usize,
    pub at: Instant,
    pub authorization: String,
    pub param: Json,
    /// Whether something was done to it.
    pub faulty: bool,
    told_to_sleep: bool,
}

impl Post {
    pub fn uid(&self) -> &str {
        self.param["cmd_uid"].as_str().unwrap_or_default()
    }
}

/// What is done to a message.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The optimizer never sees it; this is the answer.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The connection is reset, and the optimizer never sees it.
    Reset,
    /// The optimizer takes it, and the connection is reset before the answer.
    ResetAfter,
    /// The optimizer takes it, and the connection ends in the middle of the answer.
    Half,
    /// The optimizer takes it, and a byte of the answer comes each second.
    Drip,
    /// The optimizer never sees it, and there is no answer.
    Silence,
    /// The optimizer takes it, and this is the answer.
    Instead(Json),
    /// The optimizer takes it, and its answer has that content type.
    Typed(&'static str),
}

/// `Answer` with a status alone.
pub fn status(code: u16) -> Fault {
    Fault::Answer(code, vec![], br#"{"detail": "as the test says"}"#.to_vec())
}

/// A result that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub uid: String,
    pub param: Json,
}

type Chooser = Box<dyn Fn(&Post) -> Option<Fault> + Send>;

struct State {
    commands: VecDeque<Json>,
    posts: Vec<Post>,
    taken: Vec<Taken>,
    /// Results that came again as they were, or changed.
    repeated: usize,
    changed: usize,
    /// Progress of a command whose result was taken already.
    late: usize,
    fault: Chooser,
}

/// The optimizer, and what it knows.
pub struct Double {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl Double {
    /// Gives those commands one after another, each until its result is there, and then asks to sleep.
    pub async fn start(
        commands: impl IntoIterator<Item = Json>,
        fault: impl Fn(&Post) -> Option<Fault> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            commands: commands.into_iter().collect(),
            posts: Vec::new(),
            taken: Vec::new(),
            repeated: 0,
            changed: 0,
            late: 0,
            fault: Box::new(fault),
        };
        let state = Arc::new(Mutex::new(state));
        let accepting = Mutex::new(Some(tokio::spawn(accept(listener, state.clone()))));
        Self { address, state, accepting }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whether every command has its result.
    pub fn is_done(&self) -> bool {
        self.state().commands.is_empty()
    }

    /// Whether the last message asked what is next, and was told to sleep.
    pub fn sleeps(&self) -> bool {
        let state = self.state();
        let last = state.posts.last();
        state.commands.is_empty() && last.is_some_and(|post| post.kind == Kind::WhatsNext && post.told_to_sleep)
    }

    pub fn posts(&self) -> Vec<Post> {
        self.state().posts.clone()
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.state().posts.iter().filter(|post| post.kind == kind).count()
    }

    /// The results in the order in which they were taken.
    pub fn taken(&self) -> Vec<Taken> {
        self.state().taken.clone()
    }

    /// Results that came again as they were; results that came again and were different; reports of progress that came
    /// behind the result.
    pub fn surplus(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.repeated, state.changed, state.late)
    }

    /// Nobody listens any more, and connections are closed.
    pub async fn go_away(&self) {
        let task = self.accepting.lock().unwrap().take();
        if let Some(task) = task {
            task.abort();
            task.await.ok();
        }
    }

    /// It listens again, where it did.
    pub async fn come_back(&self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        *self.accepting.lock().unwrap() = Some(tokio::spawn(accept(listener, self.state.clone())));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        if let Some(task) = self.accepting.lock().unwrap().take() {
            task.abort();
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    // Ends the connections when it is dropped.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, state.clone()));
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Some(request) = wire::read(&mut stream, &mut buffer).await {
        let (fault, reply) = state.lock().unwrap().take(&request);
        let reply = reply.map(|reply| reply.to_string().into_bytes()).unwrap_or_default();
        match fault {
            None | Some(Fault::Instead(_)) => answer(&mut stream, 200, &[], &reply).await,
            Some(Fault::Answer(code, headers, body)) => {
                let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                answer(&mut stream, code, &headers, &body).await;
            }
            Some(Fault::Typed(kind)) => answer(&mut stream, 200, &[("content-type", kind)], &reply).await,
            Some(Fault::Reset | Fault::ResetAfter) => return wire::reset(&stream),
            Some(Fault::Half) => {
                wire::write(&mut stream, wire::head(200, &[], reply.len()).as_bytes()).await;
                return wire::write(&mut stream, &reply[..reply.len() / 2]).await;
            }
            Some(Fault::Drip) => {
                wire::write(&mut stream, wire::head(200, &[], reply.len()).as_bytes()).await;
                for byte in reply {
                    wire::write(&mut stream, &[byte]).await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Some(Fault::Silence) => std::future::pending().await,
        }
    }
}

async fn answer(stream: &mut TcpStream, code: u16, headers: &[(&str, &str)], body: &[u8]) {
    let answer = [wire::head(code, headers, body.len()).as_bytes(), body].concat();
    wire::write(stream, &answer).await;
}

impl State {
    /// Notes a message; what is done to it, and what the optimizer answers if it sees it.
    fn take(&mut self, request: &wire::Incoming) -> (Option<Fault>, Option<Json>) {
        let message = request.json();
        let param = message["param"].clone();
        let kind = match message["event"].as_str() {
            _ if request.path.ends_with("/token") => Kind::Token,
            Some("HELLO") => Kind::Hello,
            Some("WHATS_NEXT") => Kind::WhatsNext,
            Some("GOODBYE") => Kind::Goodbye,
            _ if param.get("status").is_some() => Kind::Result,
            _ => Kind::Progress,
        };
        let alike =
            |post: &&Post| post.kind == kind && (kind != Kind::Result || post.param["cmd_uid"] == param["cmd_uid"]);
        let nth = self.posts.iter().filter(alike).count();
        let authorization = request.header("authorization").to_owned();
        let mut post =
            Post { kind, nth, at: Instant::now(), authorization, param, faulty: false, told_to_sleep: false };
        let fault = (self.fault)(&post);
        post.faulty = fault.is_some();
        let arrives = matches!(fault, None | Some(Fault::Typed(_)));
        post.told_to_sleep = kind == Kind::WhatsNext && arrives && self.commands.is_empty();
        self.posts.push(post.clone());
        let seen = !matches!(fault, Some(Fault::Answer(..) | Fault::Reset | Fault::Silence));
        let reply = seen.then(|| self.reply(&post));
        match fault {
            Some(Fault::Instead(reply)) => (None, Some(reply)),
            fault => (fault, reply),
        }
    }

    fn reply(&mut self, post: &Post) -> Json {
        let ok = json!({"status": "ok"});
        let uid = post.uid();
        let known = self.taken.iter().find(|taken| taken.uid == uid);
        match post.kind {
            Kind::Token => json!({"access_token": format!("0auth-t0ken-{}", post.nth), "expires_in": 3600}),
            Kind::Hello | Kind::Goodbye => ok,
            Kind::WhatsNext => self.commands.front().cloned().unwrap_or_else(|| {
                json!({
                    "cmd": "SLEEP", "param": {"duration": 600, "data": {"reason": "no active optimization pipeline"}},
                })
            }),
            Kind::Progress => {
                self.late += usize::from(known.is_some());
                ok
            }
            Kind::Result if self.commands.front().is_some_and(|command| command["cmd_uid"] == uid) => {
                self.commands.pop_front();
                self.taken.push(Taken { uid: uid.to_owned(), param: post.param.clone() });
                ok
            }
            Kind::Result => {
                match known {
                    Some(known) if known.param == post.param => self.repeated += 1,
                    Some(_) => self.changed += 1,
                    // Of a command that nobody gave.
                    None => {}
                }
                json!({"status": "unexpected-event", "reason": "Out of order event"})
            }
        }
    }
}
