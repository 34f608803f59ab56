//! The report at the end of a run.

use super::board::{Figures, Outcome, Report, Verification};
use super::figures::figure;
use super::session::Session;
use super::study::{self, Trial};

/// What there is to say of a session that has ended.
pub(super) fn of(session: &Session) -> Report {
    let baseline = study::baseline(&session.trials);
    let confirmed = session.verification.confirmed.as_ref();
    let outcome = if session.interrupted {
        Outcome::Interrupted
    } else if baseline.is_none() {
        Outcome::NothingMeasured
    } else if confirmed.is_some() {
        Outcome::Improved
    } else {
        Outcome::BaselineKept
    };
    let best = match confirmed {
        Some((number, _)) => session.trials.iter().find(|trial| trial.number == *number),
        None if session.interrupted => session.candidate(),
        None => None,
    };
    let fresh = session.verification.baseline.as_ref();
    let change_percent = match (confirmed, fresh) {
        (Some((_, verified)), Some(fresh)) => change(fresh.goal, verified.goal),
        _ => best.and_then(|best| change(baseline?.goal, best.goal)),
    };
    let mut sentence = sentence(session, outcome, best, change_percent);
    let wanted = session.resting_place();
    if !session.stands.as_ref().is_some_and(|stands| stands.same(&wanted)) {
        sentence.push_str("; the application could not be confirmed to stand at ");
        sentence.push_str(&wanted.to_string());
    }
    let verification = fresh
        .and_then(Figures::of)
        .map(|baseline| Verification { baseline, best: confirmed.and_then(|(_, verified)| Figures::of(verified)) });
    Report {
        outcome,
        sentence,
        stopped: session.stopped.clone(),
        study: session.study.label(),
        goal_name: session.objective.name.clone(),
        trials: session.trials.clone(),
        best: best.and_then(Figures::of),
        verification,
        change_percent,
        left_at: session.stands.clone(),
        storage: session.tools.ledger.url().to_string(),
    }
}

/// The change from one goal to another in percent; `None` from zero.
fn change(from: Option<f64>, to: Option<f64>) -> Option<f64> {
    let (from, to) = (from?, to?);
    let percent = (to - from) / from.abs() * 100.0;
    percent.is_finite().then_some(percent)
}

fn sentence(session: &Session, outcome: Outcome, best: Option<&Trial>, change: Option<f64>) -> String {
    let objective = &session.objective;
    let figures = |trial: &Trial, change| trial.goal.map(|goal| objective.sentence(goal, change, &trial.metrics));
    // As measured last.
    let baseline = session.verification.baseline.as_ref().or_else(|| study::baseline(&session.trials));
    let broken = baseline.filter(|trial| !trial.is_feasible()).and_then(|trial| trial.reason.as_deref());
    let broken = broken.map_or_else(String::new, |reason| format!("; the baseline does not meet {reason}"));
    match outcome {
        Outcome::Improved => {
            let Some((number, verified)) = &session.verification.confirmed else { return String::new() };
            let text = figures(verified, change).unwrap_or_default();
            format!("best: trial {number}, {text}{broken}")
        }
        Outcome::BaselineKept => {
            let repeats = if session.verification.refuted.is_empty() { "" } else { " that repeats" };
            let unproved = session.verification.refuted.is_empty() && session.candidate().is_some();
            let repeats = if unproved { " that could be verified" } else { repeats };
            let baseline = baseline.and_then(|trial| figures(trial, None)).unwrap_or_default();
            format!("no improvement{repeats}; baseline: {baseline}{broken}")
        }
        Outcome::NothingMeasured => {
            format!("nothing measured: {}", session.stopped.as_deref().unwrap_or("the run ended before the baseline"))
        }
        Outcome::Interrupted => {
            let (used, budget) = (study::used(&session.trials), session.tools.config.budget.trials);
            let verified = session.verification.confirmed.as_ref().map(|(_, trial)| trial);
            let so_far = match (verified, best) {
                (Some(trial), Some(best)) => {
                    format!("best: trial {}, {}", best.number, figures(trial, change).unwrap_or_default())
                }
                (None, Some(best)) => {
                    let text = figures(best, change).unwrap_or_default();
                    format!("best so far: trial {}, {text}, not verified", best.number)
                }
                (_, None) => match study::baseline(&session.trials).and_then(|trial| trial.goal) {
                    Some(goal) => format!("nothing better than the baseline yet ({} {})", objective.name, figure(goal)),
                    None => "the baseline was not measured".into(),
                },
            };
            format!("interrupted after {used} of {budget} trials; {so_far}")
        }
    }
}
