//! An argument with placeholders: `--workers={workers}`.

use crate::model::Setting;

/// A text in which `{name}` stands for the value of a setting; `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The position of a setting.
    Setting(usize),
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TemplateError {
    /// A placeholder without a setting of that name.
    Unknown(String),
    /// A brace on its own.
    Brace(char),
}

impl Template {
    /// Reads a text; `position` gives the position of the setting of a name.
    pub(super) fn parse(text: &str, position: impl Fn(&str) -> Option<usize>) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let tail = &rest[at..];
            if let Some(after) = tail.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = tail.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else if let Some(inner) = tail.strip_prefix('{') {
                let end = inner.find(['{', '}']).filter(|&end| inner.as_bytes()[end] == b'}');
                let name = &inner[..end.ok_or(TemplateError::Brace('{'))?];
                let setting = position(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Setting(setting));
                rest = &inner[name.len() + 1..];
            } else {
                return Err(TemplateError::Brace('}'));
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// Whether the setting at that position has a placeholder in it.
    pub(super) fn holds(&self, setting: usize) -> bool {
        self.0.contains(&Piece::Setting(setting))
    }

    /// The text with the values of those settings.
    pub(super) fn render(&self, settings: &[Setting]) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Setting(at) => {
                    text.extend(settings[*at].value.as_ref().map(ToString::to_string));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Template, TemplateError> {
        Template::parse(text, |name| ["workers", "level"].iter().position(|known| *known == name))
    }

    fn settings() -> Vec<Setting> {
        vec![Setting::range("workers", 1, 8, 1, 2), Setting::choice("level", ["low", "a b"], "a b")]
    }

    #[test]
    fn placeholders_become_values() {
        for (text, rendered) in [
            ("", ""),
            ("plain", "plain"),
            ("{workers}", "2"),
            ("-w{workers}:{level}!", "-w2:a b!"),
            ("{{workers}} {{{workers}}}", "{workers} {2}"),
        ] {
            assert_eq!(parse(text).unwrap().render(&settings()), rendered, "{text}");
        }
        let template = parse("x{level}").unwrap();
        assert!(template.holds(1) && !template.holds(0));
    }

    #[test]
    fn unknown_names_and_single_braces_are_refused() {
        assert_eq!(parse("{worker}"), Err(TemplateError::Unknown("worker".into())));
        assert_eq!(parse("{}"), Err(TemplateError::Unknown(String::new())));
        for (text, brace) in [("{", '{'), ("a}", '}'), ("{workers", '{'), ("{a{b}", '{'), ("{workers}}", '}')] {
            assert_eq!(parse(text), Err(TemplateError::Brace(brace)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn escaped_text_comes_back(text in "[\\PC{}]{0,24}") {
            let escaped = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(parse(&escaped).unwrap().render(&[]), text);
        }

        #[test]
        fn any_text_gives_an_answer(text in "[\\PC{}]{0,24}") {
            let _ = parse(&text);
        }
    }
}
