//! How a run ends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use servox::connector::{Connector, Subscriptions};
use servox::event::{Call, Context, ErrorKind, EventError};
use servox::optimizer::Failure;
use servox::runner::{Ended, Grace, Runner, Servo, Stop};
use tokio::time::Instant;

use crate::script::{Answer, Kind, Manner, Script, Web, adjust, measure, run, run_for, runner};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn goodbye_is_said_whatever_connectors_do_at_the_end() {
    for hangs in [Some("shutdown"), Some("detach"), None] {
        let web = Web::new(Manner { takes: 600 * SECOND, hangs, ..Manner::default() });
        let script = run_for(10 * SECOND, Script::new([measure("c-1"), measure("c-2")]), &web).await;
        assert_eq!(script.story(), "HELLO WHATS_NEXT MEASUREMENT GOODBYE(SIGTERM)", "{hangs:?}");
        assert_eq!(script.results()[0]["status"], "cancelled");
        assert_eq!(web.seen(), "attach startup measure shutdown detach");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_to_stop_may_bring_its_own_grace() {
    for (total, least) in [(SECOND, 0), (30 * SECOND, 10)] {
        let web =
            Web::new(Manner { takes: 600 * SECOND, stubborn: true, hangs: Some("shutdown"), ..Manner::default() });
        let (script, stop) = (Arc::new(Script::new([measure("c-1"), measure("c-2")])), Stop::new());
        let runner = runner(&script, &web, &stop);
        let (ended, asked) = tokio::join!(runner.run(), async {
            tokio::time::sleep(10 * SECOND).await;
            stop.request_within("SIGTERM", Grace::within(total));
            stop.request("SIGINT");
            Instant::now()
        });
        assert_eq!(ended, Ok(Ended::Interrupted("SIGTERM".into())));
        assert!(asked.elapsed() < total, "{:?}", asked.elapsed());
        assert!(asked.elapsed() > Duration::from_secs(least), "{:?}", asked.elapsed());
        assert_eq!(script.story(), "HELLO WHATS_NEXT MEASUREMENT GOODBYE(SIGTERM)");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_during_an_outage_or_a_pause_is_met_at_once() {
    let out = |kind| Script::new([adjust("c-1", 2.0)]).always(kind, Answer::Fails(Failure::Passing));
    let refused = Script::default()
        .always(Kind::Next, Answer::Says(measure("c")))
        .always(Kind::Result, Answer::Fails(Failure::Lasting));
    let odd = Script::default().always(Kind::Next, Answer::Says(json!({"status": "ok"})));
    for (at, script) in [out(Kind::Hello), out(Kind::Next), out(Kind::Result), refused, odd].into_iter().enumerate() {
        let began = Instant::now();
        run_for(1_000 * SECOND, script, &Web::default()).await;
        assert!(began.elapsed() < 1_005 * SECOND, "{at}: {:?}", began.elapsed());
    }
}

/// Objects to everything before it happens.
struct Objector(ErrorKind);

#[async_trait]
impl Connector for Objector {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::default().and_before(["detach", "measure"])
    }
    async fn before(&self, call: &Call, _: &Context) -> Result<(), EventError> {
        Err(EventError::new(self.0, format!("no {}", call.event())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_before_handler_cancels_a_measurement_but_no_detachment() {
    for (kind, status) in [(ErrorKind::Cancelled, "cancelled"), (ErrorKind::Failed, "failed")] {
        let (script, web) = (Arc::new(Script::new([measure("c-1")])), Web::default());
        let servo = Servo::builder("shop").connector("web", web.clone()).connector("gate", Objector(kind));
        let servo = servo.connector("other", Objector(kind)).build();
        assert_eq!(Runner::new(servo, script.clone(), Stop::new()).run().await, Ok(Ended::Finished));
        let result = &script.results()[0];
        assert_eq!((&result["status"], &result["message"]), (&json!(status), &json!("no measure")));
        assert_eq!(result["other_messages"], json!(["other: no measure"]));
        assert_eq!(web.seen(), "attach startup shutdown detach");
    }
}

#[tokio::test(start_paused = true)]
async fn an_optimizer_that_panics_ends_no_run() {
    for kind in [Kind::Next, Kind::Progress, Kind::Result, Kind::Goodbye] {
        let script = Script::new([measure("c-1")]).then(kind, [Answer::Panics, Answer::Panics]);
        let script = if kind == Kind::Next { script.then(kind, [Answer::Says(measure("c-1"))]) } else { script };
        let web = Web::taking(5);
        let script = run(script, &web).await;
        assert_eq!(script.results().len(), 1 + usize::from(kind == Kind::Next), "{kind:?}");
        assert!(web.seen().ends_with("shutdown detach"), "{kind:?}");
    }
    let (script, web) = (Arc::new(Script::default().then(Kind::Hello, [Answer::Panics])), Web::default());
    let error = runner(&script, &web, &Stop::new()).run().await.unwrap_err().to_string();
    assert_eq!(error, "the optimizer cannot go on: HELLO panicked, a defect of the optimizer: index out of bounds");
    assert_eq!(web.seen(), "attach shutdown detach");
}
