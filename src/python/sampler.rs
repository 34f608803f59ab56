//! The strategies of optuna, which are Python, beside the native ones.

use pyo3::prelude::*;
use serde_json::{Value as Json, json};

use crate::optimizer::local::{
    Assignment, NativeSamplers, Sampler, SamplerError, SamplerFactory, SamplerKind, SamplerRequest, Space, StorageUrl,
    Trial,
};

/// The native strategies, and optuna's.
pub(super) struct Samplers;

impl SamplerFactory for Samplers {
    fn check(&self, kind: SamplerKind) -> Result<(), SamplerError> {
        if NativeSamplers.check(kind).is_ok() {
            return Ok(());
        }
        let needed: &[&str] = match kind {
            SamplerKind::Gp => &["optuna", "torch", "scipy"],
            SamplerKind::Cmaes => &["optuna", "cmaes"],
            SamplerKind::Qmc => &["optuna", "scipy"],
            _ => &["optuna"],
        };
        for package in needed {
            if !is_installed(package)? {
                let hint = if *package == "optuna" { "'servox-rs[local]'" } else { package };
                return Err(SamplerError::new(format!(
                    "sampler '{}' needs the Python package {package}, which is not installed: pip install {hint}, or \
                     choose random or grid, which are built in",
                    kind.as_str()
                )));
            }
        }
        Ok(())
    }

    fn check_storage(&self, kind: SamplerKind, storage: &StorageUrl) -> Result<(), SamplerError> {
        if NativeSamplers.check(kind).is_ok() || matches!(storage, StorageUrl::Sqlite(_)) || is_installed("psycopg")? {
            return Ok(());
        }
        Err(SamplerError::new(format!(
            "sampler '{}' keeps its study in the storage, and for PostgreSQL needs the Python package psycopg, which is \
             not installed: pip install 'servox-rs[postgresql]', or choose random or grid, which are built in",
            kind.as_str()
        )))
    }

    fn create(&self, request: &SamplerRequest<'_>) -> Result<Box<dyn Sampler>, SamplerError> {
        if NativeSamplers.check(request.kind).is_ok() {
            return NativeSamplers.create(request);
        }
        self.check(request.kind)?;
        self.check_storage(request.kind, request.storage)?;
        let wanted = json!({
            "kind": request.kind.as_str(),
            "seed": request.seed,
            "direction": request.direction.as_str(),
            "constraints": request.constraints,
            "space": request.space,
            "trials": request.trials,
            "storage": storage_of(request.storage),
            "study": request.study,
        });
        let sampler = Python::attach(|py| {
            let class = py.import("servo._optuna")?.getattr("OptunaSampler")?;
            class.call1((wanted.to_string(),)).map(Bound::unbind)
        });
        Ok(Box::new(OptunaSampler { name: request.kind.as_str(), object: sampler.map_err(failure)? }))
    }
}

struct OptunaSampler {
    name: &'static str,
    object: Py<PyAny>,
}

impl Sampler for OptunaSampler {
    fn name(&self) -> &str {
        self.name
    }

    fn ask(&mut self, space: &Space, history: &[Trial]) -> Result<Option<Assignment>, SamplerError> {
        let history = serde_json::to_string(history).map_err(|error| SamplerError::new(error.to_string()))?;
        let answer: Option<String> =
            Python::attach(|py| self.object.call_method1(py, "ask", (history,))?.extract(py)).map_err(failure)?;
        let Some(answer) = answer else { return Ok(None) };
        let proposed: Assignment = serde_json::from_str(&answer)
            .map_err(|error| SamplerError::new(format!("optuna proposed what cannot be read: {error}")))?;
        // Numbers with a fraction come with noise in their last digits.
        Ok(Some(space.snap(&proposed)))
    }

    fn tell(&mut self, trial: &Trial) -> Result<(), SamplerError> {
        let trial = serde_json::to_string(trial).map_err(|error| SamplerError::new(error.to_string()))?;
        Python::attach(|py| self.object.call_method1(py, "tell", (trial,))).map(drop).map_err(failure)
    }
}

/// The storage as `servo._optuna` takes it: a file, or what a connection is made with.
fn storage_of(storage: &StorageUrl) -> Json {
    match storage {
        StorageUrl::Sqlite(path) => json!({"file": path}),
        StorageUrl::Postgres(url) => {
            let url = url.parts();
            let (hosts, ports): (Vec<_>, Vec<_>) = url.hosts.into_iter().unzip();
            let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
            json!({"postgresql": {
                "host": hosts.join(","),
                "port": ports.join(","),
                "user": url.user,
                "password": url.password,
                "dbname": url.database,
                "sslmode": url.sslmode,
                "sslrootcert": url.sslrootcert,
                "options": url.options,
            }})
        }
    }
}

/// Whether a Python package can be imported.
fn is_installed(package: &str) -> Result<bool, SamplerError> {
    Python::attach(|py| {
        let find = py.import("importlib.util")?.getattr("find_spec")?;
        Ok(!find.call1((package,))?.is_none())
    })
    .map_err(|error: PyErr| failure(error))
}

fn failure(error: impl Into<PyErr>) -> SamplerError {
    SamplerError::new(format!("optuna: {}", error.into()))
}
