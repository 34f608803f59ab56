//! A command line in one text, cut into words.

/// Cuts a command line into words as a shell does, without running one.
///
/// Words end at white space. `'…'` is taken as it stands; in `"…"` a backslash keeps `"`, `\`, `$` and the back
/// quote from their meaning; elsewhere a backslash keeps any character from its meaning. What only a shell can do
/// (pipes, redirections, variables, lists of commands) is an error instead of a silent argument.
pub(super) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => single(&mut rest, word.get_or_insert_default())?,
            '"' => double(&mut rest, word.get_or_insert_default())?,
            '\\' => {
                let kept = rest.next().ok_or("the command ends with a backslash, which has nothing to quote")?;
                word.get_or_insert_default().push(kept);
            }
            '|' | '&' | ';' | '<' | '>' | '$' | '`' => return Err(only_a_shell(c)),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn only_a_shell(c: char) -> String {
    format!(
        "'{c}' has a meaning to a shell, and no shell runs this command: quote it in '…', or write the command as a \
         list such as [sh, -c, '…']"
    )
}

fn single(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    for c in rest {
        if c == '\'' {
            return Ok(());
        }
        word.push(c);
    }
    Err("the command has a ' without a second one".into())
}

fn double(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match rest.next() {
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                Some(c) => word.extend(['\\', c]),
                None => break,
            },
            '$' | '`' => return Err(only_a_shell(c)),
            c => word.push(c),
        }
    }
    Err("the command has a \" without a second one".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_hold_words_together() {
        for (line, words) in [
            ("", &[][..]),
            ("  python3  app.py\n--port\t8080 ", &["python3", "app.py", "--port", "8080"]),
            (r#"a 'b  "c' "d 'e" f\ g ''"#, &["a", "b  \"c", "d 'e", "f g", ""]),
            (r#"x"y"'z' "\"\\\n\$""#, &["xyz", "\"\\\\n$"]),
            (r"'$HOME;' \$HOME", &["$HOME;", "$HOME"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for line in ["a | b", "a > f", "a; b", "a $X", "a \"$X\"", "a `b`", "a && b", "a 'b", "a \"b", "a \\", "\"\\"] {
            assert!(split(line).is_err(), "{line:?} must be refused");
        }
        assert!(split("a | b").unwrap_err().contains("[sh, -c, '…']"));
    }

    proptest! {
        #[test]
        fn quoted_words_come_back(words in prop::collection::vec("\\PC{0,12}", 0..6)) {
            let line: Vec<_> = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
            prop_assert_eq!(split(&line.join(" ")).unwrap(), words);
        }

        #[test]
        fn any_line_gives_an_answer(line in "[\\PC \\\\'\"$]{0,24}") {
            let _ = split(&line);
        }
    }
}
