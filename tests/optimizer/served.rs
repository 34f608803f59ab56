//! The local optimizer behind its server, through the client of services.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use async_trait::async_trait;
use serde_json::json;
use servox::config::Document;
use servox::optimizer::local::NativeSamplers;
use servox::optimizer::remote::RemoteOptimizer;
use servox::optimizer::server::{Server, ServerConfig};
use servox::optimizer::{Commands, Optimizer, OptimizerError, Reply, Request};
use tokio_util::sync::CancellationToken;

use crate::conformance::conforms_at_a_service;

/// A server on a thread of its own, and a client of it. Dropped, the server ends in order.
struct Served {
    remote: RemoteOptimizer,
    finished: AtomicBool,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn open(folder: &Path, sampler: &str) -> Self {
        let config = json!({
            "listen": "127.0.0.1:0",
            "storage": format!("sqlite:///{}", folder.join("servo.db").display()),
            "applications": {"example.com/app": {"token": "t0ken", "local": {
                "sampler": sampler,
                "seed": 11,
                "goal": {"objective": "minimize", "metric": "cost"},
                "constraints": {"absolute": [{"name": "p95", "formula": "p95 <= 60"}]},
                "trial": {"warmup": 0, "duration": "5s"},
                "budget": {"trials": 8},
            }}},
        });
        let document = Document::parse("optimizer.yaml", config.to_string().as_bytes()).unwrap().remove(0);
        let config = ServerConfig::load_document(&document, &NativeSamplers).unwrap();
        let stop = CancellationToken::new();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn({
            let stop = stop.clone();
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let server = Server::bind(config, Arc::new(NativeSamplers)).await.unwrap();
                    tell.send(server.url()).unwrap();
                    server.serve(stop).await;
                });
            }
        });
        let optimizer = json!({"id": "example.com/app", "token": "t0ken", "base_url": told.recv().unwrap()});
        let remote = RemoteOptimizer::new(&optimizer, &json!({})).unwrap();
        Self { remote, finished: AtomicBool::new(false), stop, thread: Some(thread) }
    }
}

#[async_trait]
impl Optimizer for Served {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let reply = self.remote.post(request).await?;
        if let Reply::Command(command) = &reply {
            let idle = json!({"duration": 60, "data": {"reason": "no active optimization pipeline"}});
            self.finished.store(command.cmd == Commands::Sleep && command.param == idle, Ordering::Relaxed);
        }
        Ok(reply)
    }

    /// A service does not say so; its servos sleep and ask again.
    fn finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.remote.client().close();
        self.stop.cancel();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_conforms() {
    for sampler in ["grid", "random"] {
        conforms_at_a_service(|folder| Box::new(Served::open(folder, sampler))).await;
    }
}
