//! Everything that requests share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Semaphore};
use tokio_util::task::TaskTracker;

use super::application::{Application, Shared};
use super::body::Room;
use super::config::ApplicationConfig;
use super::counts;
use super::token::Credential;
use crate::optimizer::local::{Ledger, SamplerFactory};
use crate::telemetry::Metrics;

/// How many messages are answered at once.
const SEATS: usize = 1_024;
/// How many search strategies think at once: many of them wait for one another anyway.
const THINKING: usize = 16;
/// How many results are written down at once.
const WRITING: usize = 16;
/// For how long an answer of the storage is taken for its present state.
const FRESH: Duration = Duration::from_secs(2);
/// How long the storage may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The applications, and the bounds of all together.
pub(super) struct Directory {
    pub applications: HashMap<String, Arc<Application>>,
    /// Of an application that is not known.
    pub nobody: Arc<Credential>,
    pub shared: Arc<Shared>,
    pub seats: Semaphore,
    pub room: Room,
    pub readiness: Readiness,
    pub metrics: Metrics,
}

impl Directory {
    /// The error names an application and says what is wrong with its tokens.
    pub fn new(
        applications: impl IntoIterator<Item = (String, ApplicationConfig)>,
        ledger: Arc<Ledger>,
        samplers: Arc<dyn SamplerFactory>,
    ) -> Result<Self, String> {
        let metrics = Metrics::install();
        let applications = applications
            .into_iter()
            .map(|(id, config)| {
                let application =
                    Application::new(&id, config).map_err(|error| format!("applications.{id}: {error}"))?;
                Ok((id, Arc::new(application)))
            })
            .collect::<Result<HashMap<_, _>, String>>()?;
        counts::describe(applications.len());
        let shared = Shared {
            ledger,
            samplers,
            thinking: Semaphore::new(THINKING),
            writing: Semaphore::new(WRITING),
            work: TaskTracker::new(),
        };
        Ok(Self {
            applications,
            nobody: Arc::new(Credential::none()),
            shared: Arc::new(shared),
            seats: Semaphore::new(SEATS),
            room: Room::default(),
            readiness: Readiness::default(),
            metrics,
        })
    }
}

/// Whether the storage can be used. However many ask, it is asked now and then.
#[derive(Default)]
pub(super) struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

impl Readiness {
    /// The error says why not, in words for everyone.
    pub async fn check(&self, ledger: &Arc<Ledger>) -> Result<(), String> {
        let slow = || "the storage does not answer".to_owned();
        let Ok(mut known) = tokio::time::timeout(PATIENCE, self.0.lock()).await else { return Err(slow()) };
        if let Some((when, answer)) = &*known
            && when.elapsed() < FRESH
        {
            return answer.clone();
        }
        let ledger = ledger.clone();
        let ask = tokio::task::spawn_blocking(move || ledger.studies(""));
        let answer = match tokio::time::timeout(PATIENCE, ask).await {
            Err(_) => Err(slow()),
            Ok(Err(_)) => Err("the storage failed".to_owned()),
            Ok(Ok(Err(error))) => {
                tracing::error!("not ready: {error}");
                Err("the storage cannot be used".to_owned())
            }
            Ok(Ok(Ok(_))) => Ok(()),
        };
        *known = Some((Instant::now(), answer.clone()));
        answer
    }
}
