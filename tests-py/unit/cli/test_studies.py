"""`servo optimizer trials`, `best`, `explain` and `export`, on a study that is given."""

import copy
import csv
import io
import json
import sys
import types
from pathlib import Path

import pytest
import yaml

from servo.cli.views.study import best_lines, heading, tally
from servo.cli.views.trials import TrialTable, print_trials

CONDITION = "latency_95th <= 60"


def made(number, kind, state, workers, cost, latency, reason=None, by="sampler", of=None):
    """A trial; without a cost it was not measured."""
    measured = cost is not None
    check = {"name": "p95", "condition": CONDITION, "left": latency, "right": 60.0, "met": measured and latency <= 60}
    return {
        "number": number,
        "kind": kind,
        "assignment": {"web.workers": workers, "web.cache_kb": 1600},
        "state": state,
        "reason": reason,
        "metrics": {"latency_95th": latency, "throughput": 99.5 + workers, "cost": cost} if measured else {},
        "goal": cost,
        "violations": {"p95": latency - 60} if measured else {},
        "started": f"2026-05-01T12:{number:02d}:00.25Z",
        "ended": f"2026-05-01T12:{number:02d}:35.25Z" if state != "running" else None,
        "origin": {"by": by, "sampler": "tpe", **({} if of is None else {"of": of})},
        **({"checks": [check]} if measured else {}),
    }


TRIALS = [
    made(0, "baseline", "complete", 4, 3.56, 38.0, by="baseline"),
    made(1, "search", "infeasible", 1, 1.2, 72.3, "p95 72.3 ms (limit 60 ms)", by="approach"),
    made(2, "search", "stale", 2, None, None, "the servo ended during the trial"),
    made(3, "search", "complete", 2, 2.1, 55.0, by="retry", of=2),
    made(4, "search", "complete", 3, 2.8, 41.0),
    made(5, "verify-baseline", "complete", 4, 3.6, 39.0, by="verification"),
    made(6, "verify-best", "complete", 2, 2.12, 57.0, by="verification", of=3),
    made(7, "search", "running", 1, None, None),
]


def figures(trial):
    return {"trial": trial["number"], "feasible": True} | {k: trial[k] for k in ("goal", "metrics", "assignment")}


STUDY = {
    "study": "web#2",
    "name": "web",
    "generation": 2,
    "storage": "servo.db",
    "created": "2026-05-01T12:00:00Z",
    "goal_name": "cost",
    "goal": "0.4 * (1 + web.workers)",
    "direction": "minimize",
    "constraints": [f"p95: {CONDITION}"],
    "settings": {"web.workers": 4, "web.cache_kb": 1600},
    "used": 3,
    "baseline": figures(TRIALS[0]),
    "best": figures(TRIALS[3]),
    "verified": True,
    "change_percent": -41.1,
    "verification": {"baseline": figures(TRIALS[5]), "best": figures(TRIALS[6])},
    "proofs": [{"of": 3, "trial": 6, "baseline": 5, "repeats": True}],
    "trials": TRIALS,
}
EMPTY = STUDY | {"baseline": None, "best": None, "verified": False, "change_percent": None, "verification": None}
EMPTY |= {"proofs": [], "trials": []}


class StudySource:
    """As `_core.StudySource`, with one study."""

    content = STUDY

    def __init__(self, storage, study=None, servo=None):
        if "://" not in storage:
            raise ValueError(f"expected sqlite:/// and the path of a file, found {storage!r}")
        self.storage, self.study, self.servo = storage, study, servo

    def with_study(self, study):
        return StudySource(self.storage, study, self.servo)

    def read(self, generation=None):
        if "absent" in self.storage:
            raise RuntimeError("absent.db has no studies: there is no such file")
        if self.study not in (None, "web"):
            raise LookupError(f"there is no study '{self.study}' in servo.db; studies: web, web#2")
        if generation not in (None, 2):
            raise LookupError(f"study 'web' in servo.db has no generation {generation}; generations: 1, 2")
        return json.dumps(self.content)


def configured_studies(file, connector_types, environment):
    documents = json.loads(Path(file).read_text())
    return [StudySource("sqlite:///servo.db", "web", d["name"]) for d in documents if d["does"] != "remote"]


@pytest.fixture
def optimizer(servo, monkeypatch, config):
    """`servo optimizer …` in a folder with a servo."""
    core = types.ModuleType("servo._core")
    core.StudySource, core.configured_studies = StudySource, configured_studies
    monkeypatch.setitem(sys.modules, "servo._core", core)
    config("improve")

    def invoke(*arguments, before=()):
        return servo(*before, "optimizer", *arguments)

    return invoke


def show(study, width):
    file = io.StringIO()
    print_trials(study, color=False, width=width, file=file)
    return [line.rstrip() for line in file.getvalue().splitlines()]


AT_80 = """\
TRIAL  STATE       COST  CHANGE  WORKERS  CACHE_KB  TIME  REMARK
0      complete    3.56          4        1600      35s   baseline
1      infeasible  1.20  -66 %   1        1600      35s   p95 72.3 ms (limit 60
                                                          ms)
2      stale       -             2        1600      35s   the servo ended during
                                                          the trial
3 *    complete    2.10  -41 %   2        1600      35s
4      complete    2.80  -21 %   3        1600      35s
5      complete    3.60  +1.1 %  4        1600      35s   verify baseline
6      complete    2.12  -40 %   2        1600      35s   verify best
7      running     -             1        1600
"""


def test_a_table_fits_80_columns():
    assert show(STUDY, 80) == AT_80.splitlines()


@pytest.mark.parametrize("width", [20, 40, 60, 79, 80, 100, 120, 160, 200])
def test_no_line_is_wider_than_the_terminal_and_no_trial_is_missing(width):
    lines = show(STUDY, width)
    assert max(map(len, lines)) <= width
    if width >= 60:
        assert [line.split()[0] for line in lines if line[:1].isdigit()] == [str(number) for number in range(8)]


def test_a_wide_terminal_shows_everything():
    head = show(STUDY, 200)[0].split()
    wanted = "TRIAL KIND STATE COST CHANGE WORKERS CACHE_KB LATENCY_95TH THROUGHPUT COST BROKEN BY TIME REASON"
    assert head == wanted.split()


def test_what_a_goal_alone_says_is_not_shown_twice():
    names = [column.heading for column in TrialTable(STUDY | {"goal": "cost"}).fitting(200)]
    assert names.count("COST") == 1


PLAIN = """\
TRIAL    KIND             STATE       COST    CHANGE    WORKERS    CACHE_KB    LATENCY_95TH    THROUGHPUT    COST    BROKEN BY    TIME    REASON
0        baseline         complete    3.56              4          1600        38              104           3.56                 35s
1        search           infeasible  1.20    -66 %     1          1600        72.3            100           1.20    p95 12.3     35s     p95 72.3 ms (limit 60 ms)
"""  # noqa: E501


def test_a_pipe_gets_one_line_for_each_trial(optimizer):
    result = optimizer("trials")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:3] == PLAIN.splitlines()
    assert len(result.stdout.splitlines()) == 9


BEST = """\
study web#2 in servo.db: minimize 0.4 * (1 + web.workers) (cost)
constraint p95: latency_95th <= 60

SETTING       BASELINE    BEST
web.workers   4           2
web.cache_kb  1600        1600

MEASURED      BASELINE    BEST    CHANGE
cost          3.56        2.10    -41 %
latency_95th  38          55      +45 %
throughput    104         102     -1.9 %

MEASURED AGAIN    BASELINE    BEST    CHANGE
cost              3.60        2.12    -41 %
latency_95th      39          57      +46 %
throughput        104         102     -1.9 %

best: trial 3, cost 2.12 (-41 %), verified
"""


def test_the_best_is_shown_beside_the_baseline(optimizer):
    result = optimizer("best")
    assert (result.exit_code, result.stdout) == (0, BEST)


def test_a_best_that_was_not_measured_again_is_not_called_verified():
    once = STUDY | {"verified": False, "verification": None, "proofs": []}
    assert best_lines(once)[-1] == "best: trial 3, cost 2.10 (-41 %), not verified"
    assert "MEASURED AGAIN" not in "\n".join(best_lines(once))
    kept = once | {"best": None}
    assert best_lines(kept)[-3:] == [
        "baseline: web.workers=4 web.cache_kb=1600",
        "",
        "nothing is better than the baseline (cost 3.56)",
    ]


EXPLAINED = """\
trial 1 of study web#2 in servo.db, 2026-05-01 12:01:00 UTC, took 35s

why           one of the first steps, which stay near the baseline and change one setting
settings      SETTING       VALUE    BASELINE
              web.workers   1        4
              web.cache_kb  1600     same
goal          cost 1.20, -66 % against the baseline (3.56)
metrics       latency_95th 72.3, throughput 100, cost 1.20
constraint    p95, latency_95th <= 60: 72.3 against 60, not met by 12.3
verdict       infeasible: p95 72.3 ms (limit 60 ms)
learnt        the sampler tpe was told cost 1.20, and that it breaks p95
"""


def test_a_trial_is_explained(optimizer):
    result = optimizer("explain", 1)
    assert (result.exit_code, result.stdout) == (0, EXPLAINED)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "the settings the application came with"),
        (0, "took 35s"),
        (2, "the servo ended during the trial"),
        (2, "learnt        nothing: only trials with figures"),
        (3, "trial 2 with these settings was interrupted; it is tried once more"),
        (3, "it is the best trial of the study"),
        (3, "measured again in trial 6: cost 2.12 against 3.60 of the baseline in trial 5; the improvement repeats"),
        (4, "proposed by the sampler tpe, which knew 3 trials then"),
        (5, "the baseline once more"),
        (6, "trial 3 once more, to see whether its result repeats"),
        (6, "nothing for the search: it is the proof at the end"),
        (7, "learnt        nothing yet"),
    ],
)
def test_every_kind_of_trial_is_explained(optimizer, number, words):
    assert words in optimizer("explain", number).stdout


def test_a_trial_of_an_older_version_is_explained_as_far_as_is_known(optimizer, monkeypatch):
    old = copy.deepcopy(STUDY)
    for trial in old["trials"]:
        del trial["origin"]
        trial.pop("checks", None)
    monkeypatch.setattr(StudySource, "content", old)
    shown = optimizer("explain", 1).stdout
    assert "who proposed it was not written down" in shown
    assert "p95, latency_95th <= 60, not met by 12.3" in shown
    assert "the sampler was told cost 1.20" in shown


def test_machines_get_documents(optimizer):
    assert json.loads(optimizer("trials", "-o", "json").stdout) == STUDY
    assert yaml.safe_load(optimizer("trials", "-o", "yaml").stdout) == STUDY
    best = json.loads(optimizer("best", "-o", "json").stdout)
    assert (best["best"]["trial"], best["verified"], best["change_percent"]) == (3, True, -41.1)
    assert best == yaml.safe_load(optimizer("best", "-o", "yaml").stdout)
    told = json.loads(optimizer("explain", 1, "-o", "json").stdout)
    assert told["trial"] == TRIALS[1]
    assert told["constraints"] == [TRIALS[1]["checks"][0] | {"violation": TRIALS[1]["violations"]["p95"]}]
    assert optimizer("trials", "-o", "table").stdout == optimizer("trials").stdout


def test_an_export_has_every_digit(optimizer, tmp_path):
    rows = list(csv.DictReader(io.StringIO(optimizer("export", "--format", "csv").stdout)))
    assert len(rows) == 8
    assert rows[1]["goal"] == "1.2"
    assert (rows[1]["setting.web.workers"], rows[1]["metric.latency_95th"]) == ("1", "72.3")
    assert float(rows[1]["violation.p95"]) == TRIALS[1]["violations"]["p95"]
    assert (rows[3]["proposed_by"], rows[3]["repeats"], rows[3]["seconds"]) == ("retry", "2", "35.0")
    assert (rows[7]["ended"], rows[7]["metric.cost"], rows[7]["seconds"]) == ("", "", "")
    assert json.loads(optimizer("export", "--format", "json").stdout) == STUDY
    for name, read in [("out.json", json.loads), ("out.yaml", yaml.safe_load), ("out.YML", yaml.safe_load)]:
        result = optimizer("export", "-o", tmp_path / name)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"8 trials of study web#2 written to {tmp_path / name}" in result.stderr
        assert read((tmp_path / name).read_text()) == STUDY
    optimizer("export", "-o", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == optimizer("trials").stdout
    assert optimizer("export", "--format", "table").stdout == optimizer("trials").stdout


def test_a_study_without_trials_is_no_error(optimizer, monkeypatch):
    monkeypatch.setattr(StudySource, "content", EMPTY)
    assert (optimizer("trials").exit_code, optimizer("trials").stdout) == (0, "")
    assert optimizer("best").stdout.endswith("the baseline was not measured yet\n")
    assert (tally(EMPTY), show(EMPTY, 80)[0].split()[0]) == ("no trials yet", "TRIAL")
    assert len(optimizer("export", "--format", "csv").stdout.splitlines()) == 1
    assert "there is none yet" in optimizer("explain", 0).stderr


def test_headings():
    assert heading(STUDY | {"goal": "cost"}) == "study web#2 in servo.db: minimize cost"
    assert heading(STUDY | {"goal": None}) == "study web#2 in servo.db"
    assert tally(STUDY) == (
        "8 trials: 5 complete, 1 infeasible, 1 stale, 1 running; best: trial 3, cost 2.12 (-41 %), verified"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["trials", "--storage", "servo.db"], 2, "expected sqlite:///"),
        (["trials", "--storage", "sqlite:///absent.db"], 1, "error: absent.db has no studies"),
        (["trials", "--storage", "sqlite:///a.db", "-f", "servo.yaml"], 2, "found both"),
        (["trials", "--study", "wob"], 2, "there is no study 'wob' in servo.db; studies: web, web#2"),
        (["trials", "--generation", "7"], 2, "generations: 1, 2"),
        (["trials", "--generation", "0"], 2, "'--generation'"),
        (["trials", "-f", "absent.yaml"], 2, "absent.yaml' does not exist"),
        (["explain", "12"], 2, "study 'web#2' has no trial 12; there are 0 to 7"),
        (["explain", "-1"], 2, "-1"),
        (["explain"], 2, "Missing argument"),
        (["export", "-o", "no/such/folder.csv"], 1, "error: no/such/folder.csv cannot be written"),
        (["export", "--format", "xml"], 2, "'xml' is not one of"),
        (["exprt"], 2, "Did you mean 'export'?"),
    ],
)
def test_what_is_wrong_is_said(optimizer, arguments, code, message):
    result = optimizer(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_one_servo_is_chosen(optimizer, config):
    config("improve", "remote", "improve")
    assert "name one with --name (web, queue)" in " ".join(optimizer("trials").stderr.split())
    assert optimizer("trials", before=("-n", "queue")).exit_code == 0
    result = optimizer("trials", before=("-n", "db"))
    assert result.exit_code == 2
    assert "no servo with a local optimizer found named 'db'" in " ".join(result.stderr.split())
    config("remote")
    assert "has a local optimizer; name a --storage" in " ".join(optimizer("trials").stderr.split())
    assert optimizer("trials", "--storage", "sqlite:///servo.db", "--study", "web").exit_code == 0


def test_a_file_of_its_own(optimizer, tmp_path):
    (tmp_path / "servo.yaml").rename(tmp_path / "other.yaml")
    assert optimizer("trials").exit_code == 2
    assert optimizer("trials", "-f", "other.yaml").exit_code == 0
