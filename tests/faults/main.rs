//! What can go wrong between a servo and its optimizer, and what comes of it: a whole agent over real sockets.
//!
//! Each row of the matrix is a test of its own. All rows are worked on at the same time, as most of their time is waiting.

mod answers;
#[path = "../common/authority.rs"]
mod authority;
mod bench;
mod commands;
mod connection;
mod credentials;
#[path = "../common/double.rs"]
mod double;
mod matrix;
mod secrets;
#[path = "../common/wire.rs"]
mod wire;

use bench::Outcome;
use matrix::matrix;

matrix! {
    connection_refused: "connection refused" => Delivered, connection::refused;
    connection_refused_at_the_end: "connection refused when the run is to end" => Ended, connection::refused_at_the_end;
    connection_reset: "connection reset" => Delivered, connection::reset;
    connection_reset_after: "connection reset after the message was taken" => Delivered, connection::reset_after;
    half_response: "half of a response" => Delivered, connection::half;
    slow_body: "a body of one byte a second" => Delivered, connection::slow;
    no_answer: "no answer" => Delivered, connection::silence;
    no_answer_to_progress: "no answer to progress" => Unharmed, connection::silent_about_progress;
    redirect: "30x" => Delivered, answers::redirect;
    status_400: "400" => Delivered, answers::status_400;
    status_400_for_a_result: "400 for a result" => Refused, answers::status_400_for_a_result;
    status_401: "401" => Delivered, answers::status_401;
    status_401_for_the_greeting: "401 for the greeting" => NotStarted, answers::status_401_for_the_greeting;
    status_403: "403" => Delivered, answers::status_403;
    status_404: "404" => Delivered, answers::status_404;
    status_409: "409" => Delivered, answers::status_409;
    status_409_for_a_result: "409 for a result" => Refused, answers::status_409_for_a_result;
    status_410: "410" => Delivered, answers::status_410;
    status_410_for_the_identity: "410 with `unexpected servo_uid`" => Waiting, answers::status_410_for_the_identity;
    status_429: "429" => Delivered, answers::status_429;
    status_429_with_retry_after: "429 with `Retry-After`" => Delivered, answers::status_429_with_retry_after;
    status_500: "500" => Delivered, answers::status_500;
    status_503: "503 for longer than the budget" => Delivered, answers::status_503;
    invalid_json: "invalid JSON" => Delivered, answers::no_json;
    wrong_types: "wrong types in a reply" => Delivered, answers::wrong_types;
    huge_body: "a huge body" => Delivered, answers::huge;
    wrong_content_type: "a wrong content type" => Unharmed, answers::wrong_content_type;
    status_for_a_command: "a status in place of a command" => Delivered, answers::a_status_instead_of_a_command;
    unexpected_event_for_a_result: "`unexpected-event` for a result" => Unharmed, answers::out_of_step_about_a_result;
    unknown_command: "an unknown command" => Delivered, commands::unknown;
    missing_param: "missing `param`" => Unharmed, commands::without_param;
    null_param: "`null` as `param`" => Unharmed, commands::null_param;
    missing_state: "ADJUST without `state`" => Failed, commands::without_state;
    wrong_param: "wrong types in a command" => Failed, commands::wrong_param;
    duplicate_command: "a `cmd_uid` given twice" => Again, commands::twice;
    cancelled_measurement: "`cancel` during MEASURE" => Cancelled, commands::cancelled_measurement;
    cancelled_adjustment: "`cancel` during ADJUST" => Cancelled, commands::cancelled_adjustment;
    unexpected_event: "`unexpected-event` for progress" => Restarted, commands::out_of_step;
    outdated_command: "`unexpected cmd_uid` for progress" => Restarted, commands::outdated;
    expired_token: "an expired token" => Delivered, credentials::expired_token;
    changed_connection_file: "a changed connection file" => Delivered, credentials::moved;
    no_such_name: "DNS failure at the start" => NotStarted, connection::no_name;
    no_such_name_for_a_while: "DNS failure during the run" => Delivered, credentials::no_name_for_a_while;
    unknown_authority: "TLS with an unknown authority" => NotStarted, connection::unknown_authority;
    clock_jump: "a jump of the clock" => Delivered, credentials::jump;
}

/// Page, then table: a row of the page for each row of the matrix, in its order, with its outcome.
#[test]
fn the_guide_tells_the_matrix() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/optimizer-faults.md");
    let page = std::fs::read_to_string(path).unwrap();
    let told: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ").map(|cell| cell.trim_end_matches(" |"));
            Some((cells.next()?, cells.next()?))
        })
        .skip_while(|(title, _)| *title != MATRIX[0].0)
        .take(MATRIX.len())
        .collect();
    let known: Vec<(&str, &str)> = MATRIX.iter().map(|(title, outcome)| (*title, outcome.text())).collect();
    assert_eq!(told, known);
}
