"""The search strategies of optuna, as the local optimizer asks and tells them.

The optimizer's own ledger is the truth; the optuna study in the same file or database follows it, so that optuna's
tools can read it.
"""

from __future__ import annotations

import json
import threading
import warnings
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna

# Where a study keeps the number of the ledger's trial, and how far each constraint was from being met.
NUMBER = "servo:trial"
VIOLATIONS = "servo:violations"

# A strategy that proposes what was tried is asked again that many times.
ATTEMPTS = 30

# Optuna looks whether its tables are there, and makes them then: servos that begin together would both make them.
_OPENING = threading.Lock()


class OptunaSampler:
    """One strategy for one study.

    Args:
        request: JSON of `kind`, `seed`, `direction`, `constraints`, `space`, `trials`, `storage` and `study`.

    Raises:
        ImportError: optuna, or a package that the strategy needs, is not installed.
    """

    def __init__(self, request: str) -> None:
        import optuna

        wanted = json.loads(request)
        self._optuna = optuna
        self._distributions = {p["name"]: _distribution(optuna, p["dimension"]) for p in wanted["space"]}
        self._constraints: list[str] = wanted["constraints"]
        self._pending: dict[str, optuna.Trial] = {}
        self._followed: set[int] = set()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with _OPENING:
            storage = _storage(optuna, wanted["storage"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._study = optuna.create_study(
                storage=storage,
                sampler=_sampler(optuna, wanted, self._violations),
                study_name=wanted["study"],
                direction=wanted["direction"],
                load_if_exists=True,
            )
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state == optuna.trial.TrialState.RUNNING:
                # Left by a process that ended; the ledger knows it as stale.
                self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            elif NUMBER in trial.user_attrs:
                self._followed.add(trial.user_attrs[NUMBER])

    def ask(self, history: str) -> str | None:
        """The settings to try next, as JSON; None when every combination was tried."""
        trials = json.loads(history)
        for trial in trials:
            self._follow(trial)
        tried = {_key(trial["assignment"]) for trial in trials if _counts(trial)}
        if len(tried) >= self._points():
            return None
        for attempt in range(ATTEMPTS):
            proposal = self._study.ask(self._distributions)
            key = _key(proposal.params)
            if key not in tried or attempt == ATTEMPTS - 1:
                proposal.set_user_attr(NUMBER, len(trials))
                self._pending[key] = proposal
                return json.dumps(proposal.params)
            self._study.tell(proposal, state=self._optuna.trial.TrialState.FAIL)
        return None

    def tell(self, trial: str) -> None:
        """What came of a trial, as JSON."""
        self._follow(json.loads(trial))

    def _follow(self, trial: dict[str, Any]) -> None:
        """Brings the study up to date with one trial of the ledger."""
        number = trial["number"]
        teaches = trial["state"] in ("complete", "infeasible") and trial["goal"] is not None
        if number in self._followed or not teaches or trial["kind"] not in ("baseline", "search"):
            return
        params = {name: value for name, value in trial["assignment"].items() if name in self._distributions}
        if len(params) < len(self._distributions):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            proposal = self._pending.pop(_key(params), None)
            if proposal is None:
                self._study.enqueue_trial(params)
                proposal = self._study.ask(self._distributions)
                proposal.set_user_attr(NUMBER, number)
            violations = [trial["violations"].get(name, 0.0) for name in self._constraints]
            proposal.set_user_attr(VIOLATIONS, violations)
            self._study.tell(proposal, trial["goal"])
        self._followed.add(number)

    def _violations(self, trial: optuna.trial.FrozenTrial) -> list[float]:
        return [float(value) for value in trial.user_attrs.get(VIOLATIONS, [0.0] * len(self._constraints))]

    def _points(self) -> int:
        points = 1
        for distribution in self._distributions.values():
            if isinstance(distribution, self._optuna.distributions.CategoricalDistribution):
                points *= len(distribution.choices)
            else:
                step: Any = distribution.step or 1
                points *= round((distribution.high - distribution.low) / step) + 1
        return points


def _storage(optuna: Any, where: dict[str, Any]) -> Any:
    """The storage of optuna's studies: `file`, or the parts of a `postgresql` connection."""
    if (parts := where.get("postgresql")) is not None:
        return _database(json.dumps(parts, sort_keys=True))
    from sqlalchemy.pool import NullPool

    # No connection outlives an operation: the ledger's own SQLite opens the file in between.
    return optuna.storages.RDBStorage(
        f"sqlite:///{Path(where['file']).resolve()}", engine_kwargs={"poolclass": NullPool}
    )


@lru_cache(maxsize=4)
def _database(parts: str) -> Any:
    """The storage of a database, one for all studies of this process; its connections are bounded."""
    import optuna

    psycopg: Any = import_module("psycopg")
    given = {name: value for name, value in json.loads(parts).items() if value is not None}
    if given["sslmode"] == "verify-full" and "sslrootcert" not in given:
        given["sslrootcert"] = _authorities()

    def connect() -> Any:
        connection = psycopg.connect(
            **given, connect_timeout=10, application_name="servo optuna", keepalives_idle=20, tcp_user_timeout=15_000
        )
        connection.execute("SET statement_timeout = '30s'")
        connection.commit()
        return connection

    # The parts are not in the URL, which errors and logs may show.
    return optuna.storages.RDBStorage(
        "postgresql+psycopg://",
        engine_kwargs={
            "creator": connect,
            "pool_size": 2,
            "max_overflow": 2,
            "pool_timeout": 30,
            "pool_pre_ping": True,
            "pool_recycle": 1800,
        },
    )


def _authorities() -> str:
    """The file of the authorities that the system trusts, as psycopg takes it."""
    import ssl

    found = ssl.get_default_verify_paths()
    for path in (found.cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"):
        if path is not None and Path(path).is_file():
            return path
    return "system"


def _sampler(optuna: Any, wanted: dict[str, Any], violations: Any) -> Any:
    kind, seed, size = wanted["kind"], wanted["seed"] % 2**32, len(wanted["space"])
    constrained = violations if wanted["constraints"] else None
    # The baseline and the first steps near it count as starts: the model takes over early, budgets are small.
    starts = max(4, min(10, wanted["trials"] // 3, size + 2))
    if kind == "tpe":
        return optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=starts, multivariate=True, constraints_func=constrained
        )
    if kind == "gp":
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=starts, constraints_func=constrained)
    if kind == "cmaes":
        return optuna.samplers.CmaEsSampler(seed=seed, n_startup_trials=starts)
    if kind == "qmc":
        return optuna.samplers.QMCSampler(seed=seed, scramble=True)
    raise ValueError(f"optuna has no sampler for '{kind}'")


def _distribution(optuna: Any, dimension: dict[str, Any]) -> Any:
    if (grid := dimension.get("grid")) is None:
        return optuna.distributions.CategoricalDistribution(dimension["choice"]["values"])
    if grid["whole"]:
        low, high, step = (int(grid[name]) for name in ("min", "max", "step"))
        return optuna.distributions.IntDistribution(low, high, step=step)
    return optuna.distributions.FloatDistribution(grid["min"], grid["max"], step=grid["step"])


def _counts(trial: dict[str, Any]) -> bool:
    return trial["kind"] == "search" or (trial["kind"] == "baseline" and trial["state"] in ("complete", "infeasible"))


def _key(assignment: dict[str, Any]) -> str:
    """The same text for the same settings, whether 2 or 2.0."""
    return json.dumps(
        {name: round(float(v), 9) if isinstance(v, int | float) else v for name, v in assignment.items()},
        sort_keys=True,
    )
