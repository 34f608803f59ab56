//! The examples, run as their readers run them.

use std::path::Path;
use std::process::Command;

#[test]
fn embed_optimizes_itself_without_python() {
    // The folder of this very build, where the example lies ready.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder has a parent");
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", "embed"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .arg("--target-dir")
        .arg(target)
        .output()
        .expect("cargo starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let last = out.lines().last().unwrap_or_default();
    assert!(last.starts_with("best: ") || last.starts_with("baseline "), "{out}");
}
