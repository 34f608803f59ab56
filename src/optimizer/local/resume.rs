//! Which study a run continues, and where a new one starts from.

use serde_json::json;

use super::objective::Objective;
use super::session::Tools;
use super::space::{Assignment, Space};
use super::storage::{NewStudy, StorageError, StudyRecord};
use super::study::Trial;

/// The newest study of that name with the same space, goal and constraints; a new one when there is none.
pub(super) fn choose_study(
    tools: &Tools,
    name: &str,
    space: &Space,
    objective: &Objective,
    present: &Assignment,
) -> Result<StudyRecord, StorageError> {
    let fingerprint = json!({
        "space": space,
        "objective": objective.direction,
        "goal": objective.goal.to_string(),
        "constraints": objective.constraint_texts(),
    })
    .to_string();
    let earlier = tools.ledger.studies(name)?;
    if let Some(same) = earlier.iter().find(|study| study.fingerprint == fingerprint) {
        return Ok(same.clone());
    }
    let mut baseline = present.clone();
    if let Some(last) = earlier.first() {
        tools.note(
            true,
            None,
            format!(
                "the settings, the goal or the constraints are not those of study {}: it is kept, and a new one begins",
                last.label()
            ),
        );
        // Killed in the middle of a trial, the application still stands at values that nobody chose.
        let left = tools.ledger.trials(last)?.pop().filter(Trial::is_interrupted);
        for parameter in space.parameters().iter().filter(|_| left.is_some()) {
            let at = |assignment: &Assignment| assignment.get(&parameter.name).cloned();
            let (was, tried) = (at(&last.baseline), left.as_ref().and_then(|trial| at(&trial.assignment)));
            if let (Some(was), Some(tried), Some(now)) = (was, tried, at(present))
                && super::space::close(&tried, &now)
                && parameter.dimension.contains(&was)
            {
                baseline.insert(parameter.name.clone(), was);
            }
        }
    }
    let seed = tools.config.seed.unwrap_or_else(rand::random);
    let goal_name = objective.name.as_str();
    let study = NewStudy { name, fingerprint: &fingerprint, seed, baseline: &baseline, goal_name };
    tools.ledger.create_study(&study, (tools.clock)())
}
