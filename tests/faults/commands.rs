//! Commands that are wrong, given twice, or taken back.

use serde_json::{Value as Json, json};

use crate::bench::{Outcome, Story, adjust, cycle, describe, first, measure};
use crate::double::{Fault, Kind};

pub async fn unknown() -> Outcome {
    let jump = json!({"cmd": "JUMP", "cmd_uid": "c-0", "param": {}});
    Story::begin(cycle(), first(&[Kind::WhatsNext], 3, Fault::Instead(jump))).await.end().await
}

pub async fn without_param() -> Outcome {
    let commands = [json!({"cmd": "DESCRIBE", "cmd_uid": "c-1"}), json!({"cmd": "MEASURE", "cmd_uid": "c-2"})];
    Story::begin(commands, |_| None).await.end().await
}

pub async fn null_param() -> Outcome {
    let commands = ["DESCRIBE", "MEASURE"].map(|cmd| json!({"cmd": cmd, "cmd_uid": cmd, "param": null}));
    Story::begin(commands, |_| None).await.end().await
}

/// Of an ADJUST nothing can be guessed.
pub async fn without_state() -> Outcome {
    let params =
        [json!({"cmd_uid": "a-1"}), json!({"cmd_uid": "a-2", "param": null}), json!({"cmd_uid": "a-3", "param": {}})];
    let commands = params.map(|mut command| {
        command["cmd"] = "ADJUST".into();
        command
    });
    let story = Story::begin(commands, |_| None).await;
    story.until("the results", |story| story.double.taken().len() == 3).await;
    assert!(story.double.taken().iter().all(|taken| taken.param["status"] == "failed"), "{}", story.told());
    story.end().await
}

pub async fn wrong_param() -> Outcome {
    let wrong = |cmd: &str, uid: &str, param: Json| json!({"cmd": cmd, "cmd_uid": uid, "param": param});
    let commands = [
        wrong("MEASURE", "w-1", json!({"metrics": 7, "control": {}})),
        wrong("MEASURE", "w-2", json!({"metrics": ["a"], "control": {"duration": "soon"}})),
        wrong("MEASURE", "w-3", json!("all")),
        wrong("ADJUST", "w-4", json!({"state": {"application": {"components": [1]}}})),
        wrong("DESCRIBE", "w-5", json!({"control": [7]})),
    ];
    let story = Story::begin(commands, |_| None).await;
    story.until("the results", |story| story.double.taken().len() == 5).await;
    assert!(story.double.taken().iter().all(|taken| taken.param["status"] == "failed"), "{}", story.told());
    story.end().await
}

/// Each of them, and its result once more. The same word for other work would be carried out.
pub async fn twice() -> Outcome {
    let story = Story::begin([describe(), describe(), measure(0), measure(0)], |_| None).await;
    story.until("the results", |story| story.double.taken().len() == 4).await;
    assert_eq!((story.executed("c-1"), story.executed("c-2")), (1, 1));
    story.end().await
}

/// The command is taken back in reply to its first report of progress: what stands for it, and how long that took.
async fn taken_back(command: Json, reply: Json) -> (Outcome, Json) {
    let story = Story::begin([command, describe()], first(&[Kind::Progress], usize::MAX, Fault::Instead(reply))).await;
    story.until("the result", |story| !story.double.taken().is_empty()).await;
    let result = story.double.taken()[0].param.clone();
    assert_eq!(result["status"], "cancelled", "{}", story.told());
    (story.end().await, result)
}

fn cancel() -> Json {
    json!({"status": "cancel", "reason": "user cancelled"})
}

/// Far longer than a test may take: only being cancelled ends it.
const LONG: u64 = 3_600_000;

pub async fn cancelled_measurement() -> Outcome {
    let (outcome, result) = taken_back(measure(LONG), cancel()).await;
    assert_eq!(result["message"], "user cancelled");
    outcome
}

pub async fn cancelled_adjustment() -> Outcome {
    let (outcome, result) = taken_back(adjust(LONG), cancel()).await;
    assert_eq!(result["message"], "user cancelled");
    outcome
}

/// The optimizer expects something else; it gives the command again to a servo that says hello again.
async fn out_of_step_by(reply: Json) -> Outcome {
    let story = Story::begin([measure(2_000), describe()], first(&[Kind::Progress], 1, Fault::Instead(reply))).await;
    story.until("the second greeting", |story| story.double.count(Kind::Hello) == 2).await;
    assert!(story.double.taken().is_empty(), "{}", story.told());
    story.end().await
}

pub async fn out_of_step() -> Outcome {
    out_of_step_by(json!({"status": "unexpected-event", "reason": "Out of order event"})).await
}

pub async fn outdated() -> Outcome {
    out_of_step_by(json!({"status": "invalid", "reason": "unexpected cmd_uid"})).await
}
