//! Reads formulas: operator precedence by binding powers.

use super::formula::{Comparison, Condition, Expr, Formula, FormulaError, Function, Operator};

/// The longest formula that is read, in characters.
const MAX_LENGTH: usize = 2_000;
/// How deep parentheses, calls and signs may nest.
const MAX_DEPTH: usize = 64;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Operator(Operator),
    Comparison(Comparison),
    Open,
    Close,
    Comma,
    End,
}

impl Token {
    fn describe(&self) -> String {
        match self {
            Self::Number(number) => format!("the number {number}"),
            Self::Name(name) => format!("the name '{name}'"),
            Self::Operator(Operator::Add) => "'+'".into(),
            Self::Operator(Operator::Subtract) => "'-'".into(),
            Self::Operator(Operator::Multiply) => "'*'".into(),
            Self::Operator(Operator::Divide) => "'/'".into(),
            Self::Comparison(_) => "a comparison".into(),
            Self::Open => "'('".into(),
            Self::Close => "')'".into(),
            Self::Comma => "','".into(),
            Self::End => "the end".into(),
        }
    }
}

/// Whether a name can be written without backquotes.
pub(super) fn is_plain(name: &str) -> bool {
    name.chars().next().is_some_and(is_name_start) && name.chars().all(is_name_part) && !name.ends_with('.')
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn error(column: usize, message: impl Into<String>) -> FormulaError {
    FormulaError { column, message: message.into(), nearest: None }
}

/// The tokens of a formula, and how far they are read.
pub(super) struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

impl Parser {
    pub fn new(text: &str) -> Result<Self, FormulaError> {
        Ok(Self { tokens: tokenize(text)?, at: 0, depth: 0 })
    }

    pub fn formula(mut self) -> Result<Formula, FormulaError> {
        let expr = self.sum(0)?;
        match self.peek() {
            (Token::End, _) => Ok(Formula { expr }),
            (Token::Comparison(_), column) => {
                Err(error(column, "a comparison is for constraints; expected arithmetic only"))
            }
            (other, column) => {
                Err(error(column, format!("expected an operator or the end, found {}", other.describe())))
            }
        }
    }

    pub fn condition(mut self) -> Result<Condition, FormulaError> {
        let left = self.sum(0)?;
        let comparison = match self.next() {
            (Token::Comparison(comparison), _) => comparison,
            (other, column) => {
                let found = other.describe();
                return Err(error(column, format!("expected a comparison (<= >= < > == !=), found {found}")));
            }
        };
        let right = self.sum(0)?;
        match self.peek() {
            (Token::End, _) => {
                Ok(Condition { left: Formula { expr: left }, comparison, right: Formula { expr: right } })
            }
            (Token::Comparison(_), column) => {
                Err(error(column, "a constraint has one comparison, this is a second one"))
            }
            (other, column) => {
                Err(error(column, format!("expected an operator or the end, found {}", other.describe())))
            }
        }
    }

    fn peek(&self) -> (Token, usize) {
        self.tokens[self.at].clone()
    }

    fn next(&mut self) -> (Token, usize) {
        let token = self.peek();
        // The last token is `End`, which is never passed.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Operands and the operators between them that bind at least as much as `least`.
    fn sum(&mut self, least: u8) -> Result<Expr, FormulaError> {
        let mut left = self.operand()?;
        while let (Token::Operator(operator), _) = self.peek() {
            let power = match operator {
                Operator::Add | Operator::Subtract => 1,
                Operator::Multiply | Operator::Divide => 2,
            };
            if power < least {
                break;
            }
            self.next();
            left = Expr::Binary(operator, Box::new(left), Box::new(self.sum(power + 1)?));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expr, FormulaError> {
        let (token, column) = self.next();
        match token {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Operator(Operator::Subtract) => {
                self.deeper(column, |parser| Ok(Expr::Negate(Box::new(parser.operand()?))))
            }
            Token::Open => self.deeper(column, |parser| {
                let inner = parser.sum(0)?;
                parser.close(column)?;
                Ok(inner)
            }),
            Token::Name(name) if self.peek().0 == Token::Open => {
                self.deeper(column, |parser| parser.call(&name, column))
            }
            Token::Name(name) => Ok(Expr::Name { name, column }),
            other => Err(error(column, format!("expected a number, a name or '(', found {}", other.describe()))),
        }
    }

    fn deeper<T>(
        &mut self,
        column: usize,
        inner: impl FnOnce(&mut Self) -> Result<T, FormulaError>,
    ) -> Result<T, FormulaError> {
        if self.depth >= MAX_DEPTH {
            return Err(error(column, format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn call(&mut self, name: &str, column: usize) -> Result<Expr, FormulaError> {
        let function = match name {
            "min" => Function::Min,
            "max" => Function::Max,
            "abs" => Function::Abs,
            _ => return Err(error(column, format!("unknown function '{name}'; known: min, max, abs"))),
        };
        let (_, open) = self.next();
        let mut arguments = vec![self.sum(0)?];
        while self.peek().0 == Token::Comma {
            self.next();
            arguments.push(self.sum(0)?);
        }
        self.close(open)?;
        if function == Function::Abs && arguments.len() != 1 {
            return Err(error(column, format!("abs takes one argument, found {}", arguments.len())));
        }
        Ok(Expr::Call(function, arguments))
    }

    fn close(&mut self, open: usize) -> Result<(), FormulaError> {
        match self.next() {
            (Token::Close, _) => Ok(()),
            (other, column) => {
                let found = other.describe();
                Err(error(column, format!("expected ')' for the '(' of column {open}, found {found}")))
            }
        }
    }
}

fn tokenize(text: &str) -> Result<Vec<(Token, usize)>, FormulaError> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > MAX_LENGTH {
        return Err(error(MAX_LENGTH, format!("a formula has at most {MAX_LENGTH} characters")));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let column = at + 1;
        let c = chars[at];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        if c.is_ascii_digit() || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
            let end = number_end(&chars, at);
            let text: String = chars[at..end].iter().collect();
            let number: f64 = text.parse().map_err(|_| error(column, format!("'{text}' is not a number")))?;
            if !number.is_finite() {
                return Err(error(column, format!("'{text}' is too great")));
            }
            tokens.push((Token::Number(number), column));
            at = end;
        } else if is_name_start(c) {
            let end = chars[at..].iter().position(|c| !is_name_part(*c)).map_or(chars.len(), |length| at + length);
            let name: String = chars[at..end].iter().collect();
            if name.ends_with('.') {
                return Err(error(end, format!("expected a name after '{name}'")));
            }
            tokens.push((Token::Name(name), column));
            at = end;
        } else if c == '`' {
            let length = chars[at + 1..].iter().position(|c| *c == '`');
            let length = length.ok_or_else(|| error(column, "this '`' has no partner"))?;
            if length == 0 {
                return Err(error(column, "expected a name between the backquotes"));
            }
            tokens.push((Token::Name(chars[at + 1..=at + length].iter().collect()), column));
            at += length + 2;
        } else {
            let (token, length) = sign(c, chars.get(at + 1) == Some(&'=')).ok_or_else(|| {
                error(column, format!("unexpected {c:?}; expected numbers, names, + - * / ( ) and one comparison"))
            })?;
            tokens.push((token, column));
            at += length;
        }
    }
    tokens.push((Token::End, chars.len() + 1));
    Ok(tokens)
}

/// Where the number ends that starts at `at`: digits, a fraction, an exponent.
fn number_end(chars: &[char], at: usize) -> usize {
    let digits = |from: usize| {
        chars[from..].iter().position(|c| !c.is_ascii_digit()).map_or(chars.len(), |length| from + length)
    };
    let mut end = digits(at);
    if chars.get(end) == Some(&'.') {
        end = digits(end + 1);
    }
    if matches!(chars.get(end), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(end + 1), Some('+' | '-')));
        if chars.get(end + 1 + sign).is_some_and(char::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

fn sign(c: char, equals: bool) -> Option<(Token, usize)> {
    Some(match (c, equals) {
        ('+', _) => (Token::Operator(Operator::Add), 1),
        ('-', _) => (Token::Operator(Operator::Subtract), 1),
        ('*', _) => (Token::Operator(Operator::Multiply), 1),
        ('/', _) => (Token::Operator(Operator::Divide), 1),
        ('(', _) => (Token::Open, 1),
        (')', _) => (Token::Close, 1),
        (',', _) => (Token::Comma, 1),
        ('<', true) => (Token::Comparison(Comparison::AtMost), 2),
        ('>', true) => (Token::Comparison(Comparison::AtLeast), 2),
        ('=', true) => (Token::Comparison(Comparison::Equal), 2),
        ('!', true) => (Token::Comparison(Comparison::NotEqual), 2),
        ('<', false) => (Token::Comparison(Comparison::Below), 1),
        ('>', false) => (Token::Comparison(Comparison::Above), 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_carry_their_column() {
        for (text, expected) in [
            ("", "column 1: expected a number, a name or '(', found the end"),
            ("1 +", "column 4: expected a number, a name or '(', found the end"),
            ("(1 + 2", "column 7: expected ')' for the '(' of column 1, found the end"),
            ("a b", "column 3: expected an operator or the end, found the name 'b'"),
            ("a <= 3", "column 3: a comparison is for constraints; expected arithmetic only"),
            ("sqrt(2)", "column 1: unknown function 'sqrt'; known: min, max, abs"),
            ("abs(1, 2)", "column 1: abs takes one argument, found 2"),
            ("1 ^ 2", "column 3: unexpected '^'; expected numbers, names, + - * / ( ) and one comparison"),
            ("web. + 1", "column 4: expected a name after 'web.'"),
            ("`x", "column 1: this '`' has no partner"),
        ] {
            assert_eq!(Formula::parse(text).unwrap_err().to_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_constraint_is_one_comparison() {
        assert!(Condition::parse("a <= 3").is_ok());
        assert_eq!(
            Condition::parse("a + 3").unwrap_err().to_string(),
            "column 6: expected a comparison (<= >= < > == !=), found the end"
        );
        assert_eq!(
            Condition::parse("1 <= a <= 3").unwrap_err().to_string(),
            "column 8: a constraint has one comparison, this is a second one"
        );
        assert!(Condition::parse("(a <= 3)").is_err(), "comparisons stand at the top");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
        assert!(Formula::parse(&deep).unwrap_err().message.contains("64 deep"));
        assert!(Formula::parse(&"-".repeat(1_900)).is_err());
        assert!(Formula::parse(&"1+".repeat(5_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,40}") {
            let _ = Formula::parse(&text);
            let _ = Condition::parse(&text);
        }

        #[test]
        fn what_is_written_reads_the_same(text in "([a-c0-9.]|[-+*/(),<=]|web\\.n|max\\(|abs\\(|`a-b`|1e9| ){1,24}") {
            if let Ok(formula) = Formula::parse(&text) {
                let written = formula.to_string();
                prop_assert_eq!(Formula::parse(&written).unwrap().to_string(), written);
            }
            if let Ok(condition) = Condition::parse(&text) {
                let written = condition.to_string();
                prop_assert_eq!(Condition::parse(&written).unwrap().to_string(), written);
            }
        }
    }
}
