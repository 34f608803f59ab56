//! The names of what is counted: in the code, in the catalogue and in the documentation.

use std::collections::BTreeSet;
use std::path::Path;

use servox::telemetry::{Kind, METRICS};

fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The first text in quotes behind each of those words.
fn named(text: &str, word: &str) -> BTreeSet<String> {
    text.split(word)
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next().map(str::to_owned))
        .collect()
}

#[test]
fn what_the_code_counts_is_in_the_catalogue() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let known: BTreeSet<_> = METRICS.iter().map(|entry| entry.name.to_owned()).collect();
    let mut used = BTreeSet::new();
    for word in ["counter!(", "gauge!(", "histogram!("] {
        used.extend(named(&text, word));
    }
    // The server of optimizers describes what it counts itself.
    used.retain(|name| !name.starts_with("servo_server_"));
    assert!(used.len() > 10, "{used:?}");
    assert_eq!(used, known);
}

#[test]
fn the_documentation_tells_of_each() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/observability.md");
    // What is published as a crate has no documentation in it.
    let Ok(page) = std::fs::read_to_string(page) else { return };
    for entry in METRICS {
        let kind = match entry.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<_> = entry.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        let row = format!("| `{}` | {kind} | {labels} | {} |", entry.name, entry.help.trim_end_matches('.'));
        assert!(page.lines().any(|line| line == row), "docs/observability.md has no line\n{row}");
    }
}
