use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::read;

fn one(text: &str) -> Json {
    let documents = read(text.as_bytes()).unwrap_or_else(|found| panic!("{text:?}: {found:?}"));
    assert_eq!(documents.len(), 1, "{text:?}");
    documents[0].to_json()
}

/// `line:column: path: message`, one a line.
fn wrong(bytes: impl AsRef<[u8]>) -> String {
    let found = read(bytes.as_ref()).expect_err("must be refused");
    let lines: Vec<_> = found
        .iter()
        .map(|(place, problem)| format!("{}:{}: {}: {}", place.line, place.column, problem.path, problem.message))
        .collect();
    lines.join("\n")
}

#[test]
fn keeps_order_quotes_and_blocks() {
    let text = "b: 1\na: 'yes'\nc: \"1\"\nd: |\n  two\n  lines\ne: [x, {f: no}]\ng:\n";
    let value = one(text);
    assert_eq!(value, json!({"b": 1, "a": "yes", "c": "1", "d": "two\nlines\n", "e": ["x", {"f": false}], "g": null}));
    assert_eq!(value.as_object().unwrap().keys().cloned().collect::<String>(), "bacdeg");
}

#[test]
fn aliases_and_merges_copy() {
    let text = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 3}\nmine: {<<: [*b, *o], x: 9}\nlist: [*b]\n'<<': text\n";
    let value = one(text);
    assert_eq!(value["mine"], json!({"x": 9, "y": 2, "z": 3}));
    assert_eq!(value["list"], json!([{"x": 1, "y": 2}]));
    assert_eq!(value["<<"], json!("text"));
}

#[test]
fn boolean_keys_keep_their_text() {
    assert_eq!(one("on: 1\nNo: 2\n"), json!({"on": 1, "No": 2}));
}

#[test]
fn standard_tags_are_honoured() {
    let text =
        "[!!str 5, !!int '5', !!float 5, !!bool 'yes', !!null '', !!seq [], !!map {}, !<tag:yaml.org,2002:str> 1]";
    assert_eq!(one(text), json!(["5", 5, 5, true, null, [], {}, "1"]));
}

#[test]
fn several_documents_and_none() {
    let documents = read(b"a: 1\n---\nb: 2\n...\n---\n").unwrap();
    let values: Vec<_> = documents.iter().map(super::Node::to_json).collect();
    assert_eq!(values, [json!({"a": 1}), json!({"b": 2}), json!(null)]);
    assert!(read(b"").unwrap().is_empty());
    assert!(read(b"\xef\xbb\xbf# nothing\n").unwrap().is_empty());
}

#[test]
fn anchors_end_with_their_document() {
    assert_eq!(wrong("a: &x 1\n---\nb: *x\n"), "3:4: b: unknown alias '*x', expected an anchor '&x' above it");
}

#[test]
fn problems_have_places_and_come_together() {
    let text =
        "a: 1\nb:\n  - !!python/object/apply:os.system [ls]\n  - !mine x\na: 2\n5: x\n? [k]\n: v\nn: .inf\n<<: 3\n";
    insta::assert_snapshot!(wrong(text), @r#"
    3:5: b[0]: unknown tag '!!python/object/apply:os.system', expected none or one of !!str, !!int, !!float, !!bool, !!null
    4:5: b[1]: unknown tag '!mine', expected none or one of !!str, !!int, !!float, !!bool, !!null
    5:1: a: duplicate key 'a' on lines 1 and 5, expected it once
    6:1: : expected a key that is text, found a number, quote it
    7:3: : expected a key that is text, found a list
    9:4: n: expected a finite number, quote it if text is meant
    10:5: <<: expected a mapping or a list of mappings to merge, found a number
    "#);
}

#[test]
fn what_cannot_be_read_is_located() {
    insta::assert_snapshot!(wrong("a: [1, 2\nb: 3\n"), @"2:2: a: malformed YAML: illegal placement of ':' indicator");
    insta::assert_snapshot!(wrong("a: 'x\n"), @"1:4: a: malformed YAML: while scanning a quoted scalar, found unexpected end of stream");
    insta::assert_snapshot!(wrong("a:\n\tb: 1\n"), @"2:2: a: malformed YAML: tabs disallowed within this context (block indentation)");
    insta::assert_snapshot!(wrong("a: &x [*x]\n"), @"1:8: a[0]: the alias '*x' stands inside of the value it names");
    insta::assert_snapshot!(wrong(b"a: 1\nb: \xe9t\xe9\n"), @"2:4: : expected UTF-8 text, found the byte 0xE9 at offset 8");
    insta::assert_snapshot!(wrong(b"a: 1\nb: x\0y\n"), @"2:5: : expected UTF-8 text, found a binary file (a NUL byte at offset 9)");
    insta::assert_snapshot!(wrong(b"\xff\xfea\0"), @"1:1: : expected UTF-8 text, found UTF-16, save the file as UTF-8");
    insta::assert_snapshot!(wrong("a: \u{1b}[31m\n"), @"1:4: : expected text, found the control character U+001B");
}

#[test]
fn aliases_do_not_explode() {
    let each = |level: usize| format!("a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 10].join(", "));
    let laughs: Vec<_> = std::iter::once("a0: &a0 [x]".to_owned()).chain((1..20).map(each)).collect();
    let text = laughs.join("\n");
    assert!(wrong(&text).ends_with("expected at most 250000 values, those of aliases included"));

    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 100].join(", "));
    assert!(wrong(&long).ends_with("bytes of text, that of aliases included"));

    let each = |level: usize| format!("a{level}: &a{level} [*a{}]", level - 1);
    let deep: Vec<_> = std::iter::once("a0: &a0 [x]".to_owned()).chain((1..100).map(each)).collect();
    assert!(wrong(deep.join("\n")).contains("expected at most 64 levels"));
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        assert!(read(text.as_bytes()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(found) = read(&bytes) {
            prop_assert!(!found.is_empty());
        }
    }

    #[test]
    fn any_yaml_like_text_gives_an_answer(text in "([-?:,\\[\\]{}#&*!|>'\"%@`<~ \n\tab1.]|\r|---|\\.\\.\\.|: |- |&a|\\*a|<<: |!!|\u{e9}){0,60}") {
        if let Err(found) = read(text.as_bytes()) {
            prop_assert!(!found.is_empty());
            let lines = text.split(['\n', '\r']).count() + 1;
            prop_assert!(found.iter().all(|(place, _)| place.line >= 1 && place.column >= 1 && place.line <= lines));
        }
    }
}
