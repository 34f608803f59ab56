//! The load connector against servers on this machine.

#[path = "load/server.rs"]
mod server;
#[path = "load/tls.rs"]
mod tls;

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use server::{Reply, Server};
use servox::connector::{Configurable, Connector};
use servox::connectors::load::{LoadConfiguration, LoadConnector};
use servox::event::{Context, ErrorKind, EventError, Progress};
use servox::model::{Control, Measurement, Reading};
use tokio::sync::watch;

/// The connector of a configuration, in which `{}` of the target stands for the address of the server.
fn connector(mut config: Json, address: &str) -> LoadConnector {
    let target = config["target"].as_str().unwrap_or("GET http://{}/").replace("{}", address);
    config["target"] = json!(target);
    let config: LoadConfiguration = serde_json::from_value(config).unwrap();
    assert_eq!(LoadConnector::check(&config), []);
    LoadConnector::new("load", config).unwrap()
}

fn control(value: Json) -> Control {
    serde_json::from_value(value).unwrap()
}

async fn measure(config: Json, address: &str, during: Json) -> Result<Measurement, EventError> {
    connector(config, address).measure(&[], &control(during), &Context::new("test")).await
}

fn values<'a>(measurement: &'a Measurement, name: &str) -> &'a [f64] {
    let found = measurement.readings.iter().find(|reading| reading.metric().name == name);
    match found {
        Some(Reading::TimeSeries(series)) => series.values(),
        other => panic!("{name}: {other:?}"),
    }
}

fn value(measurement: &Measurement, name: &str) -> f64 {
    measurement.scalars()[name]
}

/// How many requests a measurement of one point is of.
fn requests(measurement: &Measurement) -> f64 {
    (value(measurement, "latency_total") / value(measurement, "latency_mean")).round()
}

#[tokio::test]
async fn sends_at_the_asked_rate() {
    let server = Server::start(|_| Reply::ok()).await;
    let measurement = measure(json!({"rate": "200/1s"}), &server.address, json!({"duration": "2s"})).await.unwrap();
    assert_eq!(requests(&measurement), 400.0);
    assert_eq!(server.requests(), 400);
    assert_eq!(value(&measurement, "rate_asked"), 200.0);
    assert_eq!(value(&measurement, "rate_achieved"), 200.0);
    assert_eq!(value(&measurement, "error_rate"), 0.0);
    let throughput = value(&measurement, "throughput");
    assert!((1_000.0..=12_000.0).contains(&throughput), "{throughput} requests a minute");
    let ordered = ["min", "50th", "90th", "95th", "99th", "max"];
    for pair in ordered.windows(2) {
        let latency = |name| value(&measurement, &format!("latency_{name}"));
        assert!(latency(pair[0]) <= latency(pair[1]), "{pair:?}");
    }
    assert_eq!(
        measurement.annotations["load_profile"],
        "Loading 1 URL(s) for 2s (delay of 0, warmup of 0) at a rate of 200/1s (reporting every 15s)"
    );
    assert_eq!(measurement.annotations["load_rate"], "asked for 200.00 requests a second, achieved 200.00");
    assert_eq!(measurement.annotations.get("errors"), None);
}

#[tokio::test]
async fn each_point_is_of_its_own_interval() {
    let server = Server::start(|_| Reply::ok()).await;
    let config = json!({"rate": "100/s", "reporting_interval": "400ms"});
    let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
    let totals = values(&measurement, "latency_total");
    let means = values(&measurement, "latency_mean");
    assert_eq!(totals.len(), 3);
    let counts: Vec<f64> = totals.iter().zip(means).map(|(total, mean)| (total / mean).round()).collect();
    assert_eq!(counts.iter().sum::<f64>(), 100.0, "{counts:?}");
    for interval in ["1s", "1h"] {
        let config = json!({"rate": "100/s", "reporting_interval": interval});
        let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
        assert_eq!(values(&measurement, "throughput").len(), 1, "{interval}");
    }
}

/// The server stands still for a second. A generator that waits for answers before it sends again would see one slow
/// request a worker; the users of a real application would all have waited.
#[tokio::test]
async fn a_stall_is_seen_by_every_request_due_in_it() {
    for workers in [json!(null), json!(1)] {
        let begin = std::sync::OnceLock::new();
        let server = Server::start(move |_| {
            let elapsed = begin.get_or_init(Instant::now).elapsed();
            let (from, to) = (Duration::from_millis(500), Duration::from_millis(1_500));
            if elapsed < from { Reply::ok() } else { Reply::after(to.saturating_sub(elapsed)) }
        })
        .await;
        let config = json!({"rate": "100/s", "max_workers": workers});
        let measurement = measure(config, &server.address, json!({"duration": "2s"})).await.unwrap();
        // A hundred of two hundred requests were due in the stall: they waited evenly from a second down to nothing.
        assert!(value(&measurement, "latency_max") >= 950.0, "{measurement:?}");
        assert!(value(&measurement, "latency_90th") >= 700.0, "{measurement:?}");
        assert!(value(&measurement, "latency_mean") >= 200.0, "{measurement:?}");
        assert_eq!(requests(&measurement), 200.0);
    }
}

#[tokio::test]
async fn statuses_from_400_are_errors_and_redirects_are_not() {
    let server = Server::start(|path| match path {
        "/bad" => Reply::status(503),
        "/moved" => Reply::status(302),
        _ => Reply::ok(),
    })
    .await;
    let target = "GET http://{}/\nGET http://{}/bad\nGET http://{}/moved\nGET http://{}/bad";
    let config = json!({"rate": 100, "target": target});
    let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
    assert_eq!(value(&measurement, "error_rate"), 50.0);
    assert_eq!(measurement.annotations["errors"], "503 Service Unavailable (50 times)");
}

#[tokio::test]
async fn methods_headers_and_bodies_arrive() {
    let server = Server::start(|_| Reply::ok()).await;
    let target = json!({
        "method": "POST", "url": format!("http://{}/a?b=c", server.address), "header": {"X-Id": ["7:8"]}, "body": "Rk9P"
    });
    let config = json!({"rate": 10, "format": "json", "target": target.to_string()});
    measure(config, &server.address, json!({"duration": "100ms"})).await.unwrap();
    let seen = server.last().unwrap();
    assert_eq!((seen.method.as_str(), seen.path_and_query.as_str()), ("POST", "/a?b=c"));
    assert_eq!(seen.headers["x-id"], "7:8");
    assert_eq!(seen.headers["host"], server.address.as_str());
    assert_eq!(seen.body, "FOO");
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_fails_the_measurement() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let config = json!({"rate": "50/s", "target": "GET http://{}/x?secret=1"});
    let error = measure(config, &address, json!({"duration": "500ms"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::MeasurementFailed);
    assert!(error.message.contains(&format!("GET http://{address}/x: connection to {address} failed")), "{error}");
    assert!(error.message.to_lowercase().contains("refused"), "{error}");
    assert!(!error.message.contains("secret"), "{error}");
    // As fast as possible means no rest between failures: the attack must still end.
    let config = json!({"rate": 0, "max_workers": 2});
    let error = measure(config, &address, json!({"duration": "300ms"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::MeasurementFailed);
    let error = measure(json!({"rate": 1}), &address, json!({"duration": 0})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::MeasurementFailed);
}

#[tokio::test]
async fn a_server_that_dies_half_way_is_counted() {
    let server = Server::start(|_| Reply::ok()).await;
    let address = server.address.clone();
    let dies = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(server);
    };
    let (measurement, ()) = tokio::join!(measure(json!({"rate": 100}), &address, json!({"duration": "2s"})), dies);
    let errors = value(&measurement.unwrap(), "error_rate");
    assert!(errors > 10.0 && errors < 100.0, "{errors}");
}

#[tokio::test]
async fn cancelling_ends_the_attack_at_once() {
    let server = Server::start(|_| Reply::after(Duration::from_secs(20))).await;
    let load = connector(json!({"rate": 50}), &server.address);
    let context = Context::new("test");
    let cancelled = context.cancelled.clone();
    let cancels = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancelled.cancel();
        Instant::now()
    };
    let control = control(json!({"duration": "60s"}));
    let (result, at) = tokio::join!(load.measure(&[], &control, &context), cancels);
    assert!(at.elapsed() < Duration::from_secs(5), "took {:?}", at.elapsed());
    assert_eq!(result.unwrap_err().kind, ErrorKind::Cancelled);
    assert!(server.requests() > 0);
}

#[tokio::test]
async fn a_measurement_that_is_dropped_sends_no_more() {
    let server = Server::start(|_| Reply::ok()).await;
    let running = measure(json!({"rate": 200}), &server.address, json!({"duration": "60s"}));
    assert!(tokio::time::timeout(Duration::from_millis(500), running).await.is_err());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let requests = server.requests();
    assert!(requests > 0);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(server.requests(), requests);
}

#[tokio::test]
async fn the_warm_up_does_not_count_and_does_not_shorten_the_load() {
    let begin = std::sync::OnceLock::new();
    let server = Server::start(move |_| {
        let elapsed = begin.get_or_init(Instant::now).elapsed();
        if elapsed < Duration::from_millis(500) { Reply::status(500) } else { Reply::ok() }
    })
    .await;
    let during = json!({"duration": "1s", "warmup": "1500ms", "delay": "300ms"});
    let begin = Instant::now();
    let measurement = measure(json!({"rate": 100}), &server.address, during).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(2_800), "warm-up, load and delay are all waited for");
    assert_eq!(value(&measurement, "error_rate"), 0.0);
    assert_eq!(requests(&measurement), 100.0);
    // At its end the warm-up may have a request that was due but not yet sent.
    assert!((240..=250).contains(&server.requests()), "{}", server.requests());
}

#[tokio::test]
async fn requests_in_flight_are_bounded_and_the_rest_is_shown() {
    let server = Server::start(|_| Reply::after(Duration::from_millis(200))).await;
    for bound in ["max_workers", "connections"] {
        let config = json!({"rate": 100, bound: 3, "workers": 2});
        let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
        assert_eq!(server.most_at_once(), 3);
        assert_eq!(requests(&measurement), 100.0, "those that were never sent count too");
        assert!(value(&measurement, "rate_achieved") <= 25.0, "{measurement:?}");
        assert!(value(&measurement, "error_rate") >= 75.0);
        // The half that waited longest had no answer when the load ended.
        assert!(value(&measurement, "latency_50th") >= 300.0, "{measurement:?}");
        assert!(measurement.annotations["errors"].contains("all 3 workers were busy"));
        assert!(measurement.annotations["load_rate"].contains("requests could not be sent"));
    }
}

/// What waits for a worker takes no memory: this would be gigabytes.
#[tokio::test]
async fn the_backlog_takes_no_memory() {
    let server = Server::start(|_| Reply::after(Duration::from_millis(50))).await;
    let config = json!({"rate": "4000000000/s", "max_workers": 2});
    let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
    let counted = requests(&measurement);
    assert!((counted / 4e9 - 1.0).abs() < 1e-6, "{counted}");
    assert!(server.most_at_once() <= 2);
}

#[tokio::test]
async fn connections_are_kept_unless_told_otherwise() {
    let server = Server::start(|_| Reply::ok()).await;
    measure(json!({"rate": 50, "max_workers": 2}), &server.address, json!({"duration": "1s"})).await.unwrap();
    assert!(server.connections() <= 2, "{}", server.connections());
    let config = json!({"rate": 50, "keepalive": false});
    let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
    assert_eq!(value(&measurement, "error_rate"), 0.0);
    assert_eq!(server.last().unwrap().headers["connection"], "close");
    assert!(server.connections() >= 50, "{}", server.connections());
}

#[tokio::test]
async fn bodies_are_read_as_far_as_max_body() {
    let server = Server::start(|_| Reply::body(300_000)).await;
    for (max_body, connections) in [(-1, 1..=19), (1_000_000, 1..=19), (1_000, 20..=20), (0, 20..=20)] {
        server.forget();
        let config = json!({"rate": 20, "max_body": max_body});
        let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
        assert_eq!(value(&measurement, "error_rate"), 0.0);
        assert!(connections.contains(&server.connections()), "{max_body}: {}", server.connections());
    }
}

#[tokio::test]
async fn a_rate_of_zero_is_as_fast_as_the_workers_are() {
    let server = Server::start(|_| Reply::after(Duration::from_millis(10))).await;
    let config = json!({"rate": 0, "max_workers": 4});
    let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
    assert!(server.requests() > 20, "{}", server.requests());
    assert_eq!(server.most_at_once(), 4);
    assert_eq!(value(&measurement, "error_rate"), 0.0);
    assert!(!measurement.scalars().contains_key("rate_asked"));
    assert!(value(&measurement, "latency_50th") >= 9.0);
}

#[tokio::test]
async fn only_the_wanted_metrics_are_read_and_progress_is_told() {
    let server = Server::start(|_| Reply::ok()).await;
    let progress = watch::Sender::new(None::<Progress>);
    let context = Context::new("test").reporting_to(progress.clone());
    let load = connector(json!({"rate": 50}), &server.address);
    let wanted = ["latency_99th".to_owned(), "foreign".to_owned()];
    let measurement = load.measure(&wanted, &control(json!({"duration": "2500ms"})), &context).await.unwrap();
    let names: Vec<_> = measurement.readings.iter().map(|reading| reading.metric().name.as_str()).collect();
    assert_eq!(names, ["latency_99th"]);
    let told = progress.borrow().clone().unwrap();
    assert!(told.percent > 30.0 && told.percent <= 100.0, "{told:?}");
    assert!(told.message.contains("at 50: ~") && told.message.contains("rpm (0.00% errors)"), "{told:?}");
    // Another connector may measure what the load does.
    let none = load.measure(&["foreign".to_owned()], &control(json!({"duration": "100ms"})), &context).await.unwrap();
    assert_eq!(none.readings, []);
}

#[tokio::test]
async fn describes_its_metrics() {
    let load = connector(json!({"rate": 1}), "127.0.0.1:1");
    let context = Context::new("test");
    let description = load.describe(&Control::default(), &context).await.unwrap();
    let names: Vec<_> = description.metrics.iter().map(|metric| (metric.name.as_str(), metric.unit.as_str())).collect();
    assert_eq!(
        names[..4],
        [("throughput", "rpm"), ("error_rate", "%"), ("latency_total", "ms"), ("latency_mean", "ms")]
    );
    assert_eq!(names[10..], [("rate_asked", "rps"), ("rate_achieved", "rps")]);
    assert!(description.components.is_empty());
    assert_eq!(load.metrics(&context).await.unwrap(), description.metrics);
}
