//! From tokens to an expression, by recursive descent. From weakest to strongest:
//! `||` (`or`), `^^` (`xor`), `&&` (`and`), `!` (`not`), then comparisons.

use super::FilterError;
use super::literal::{self, Literal, number};
use super::names::{self, Shape, Source};
use super::token::{Kind, Token, tokens};

/// A condition on a packet.
pub(super) enum Expression {
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Xor(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    /// The field or layer is there.
    Exists(Operand),
    /// A value of the field stands in the relation to the constant.
    Compare(Operand, Relation, Literal),
    /// A value of the one stands in the relation to a value of the other.
    Pair(Operand, Relation, Operand),
    /// A value lies in one of the ranges, ends included.
    In(Operand, Vec<(Literal, Literal)>),
}

/// What is compared.
pub(super) struct Operand {
    pub(super) sources: Vec<Source>,
    pub(super) shape: Shape,
    /// Bits that count, when `& mask` follows.
    pub(super) mask: Option<u64>,
    /// Parts to cut out, when `[...]` follows; one after the other.
    pub(super) slices: Vec<Slice>,
    /// `len(...)`: the number of bytes instead of them.
    pub(super) length: bool,
}

/// Bytes from `start` on; negative counts from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: i64,
    pub(super) end: SliceEnd,
}

/// Where a slice ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SliceEnd {
    /// After so many bytes.
    Length(i64),
    /// Before the byte after this one.
    Last(i64),
    /// Where the bytes do.
    Open,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    /// No value is equal (`!=` of Wireshark 4).
    NoneEqual,
    /// Some value differs (`~=`, `!==`).
    SomeDiffers,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Contains,
    Matches,
}

/// How deep brackets and negations may nest.
const DEPTH: usize = 200;

/// Parses a whole filter.
pub(super) fn parse(text: &str) -> Result<Expression, FilterError> {
    let tokens = tokens(text)?;
    if tokens.len() == 1 {
        return Err(FilterError {
            text: text.to_owned(),
            at: 0,
            len: 0,
            message: "the filter is empty".to_owned(),
        });
    }
    let mut parser = Parser {
        text,
        tokens,
        next: 0,
        depth: 0,
    };
    let expression = parser.or()?;
    match parser.peek().kind {
        Kind::End => Ok(expression),
        _ => Err(parser.expected("`&&`, `||` or the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
    depth: usize,
}

type Parsed<T> = Result<T, FilterError>;

impl<'t> Parser<'t> {
    fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.xor()?;
        while self.take(&["||", "or"]) {
            left = Expression::Or(Box::new(left), Box::new(self.xor()?));
        }
        Ok(left)
    }

    fn xor(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.take(&["^^", "xor"]) {
            left = Expression::Xor(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.not()?;
        while self.take(&["&&", "and"]) {
            left = Expression::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong(self.peek(), format!("more than {DEPTH} levels deep")));
        }
        let expression = if self.take(&["!", "not"]) {
            Expression::Not(Box::new(self.not()?))
        } else if self.take(&["("]) {
            let inner = self.or()?;
            if !self.take(&[")"]) {
                return Err(self.expected("`)`"));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.operand()?;
        if self.take(&["in"]) {
            return self.set(left);
        }
        let Some(relation) = self.relation() else {
            return Ok(Expression::Exists(left));
        };
        let token = self.peek();
        // What resolves as a name is one; everything else is a constant.
        let is_name = token.kind == Kind::Word
            && (token.text == "len" || names::resolve(token.text).is_some());
        if is_name && !matches!(relation, Relation::Matches) {
            let right = self.operand()?;
            return Ok(Expression::Pair(left, relation, right));
        }
        let literal = self.literal(|token| match relation {
            Relation::Matches => literal::read_pattern(token),
            Relation::Contains => literal::read_bytes(token),
            _ => literal::read(token, left.shape),
        })?;
        Ok(Expression::Compare(left, relation, literal))
    }

    fn relation(&mut self) -> Option<Relation> {
        const RELATIONS: [(&[&str], Relation); 9] = [
            (&["==", "===", "eq", "any_eq", "all_eq"], Relation::Equal),
            (&["!=", "ne", "all_ne"], Relation::NoneEqual),
            (&["~=", "!==", "any_ne"], Relation::SomeDiffers),
            (&[">=", "ge"], Relation::GreaterEqual),
            (&["<=", "le"], Relation::LessEqual),
            (&[">", "gt"], Relation::Greater),
            (&["<", "lt"], Relation::Less),
            (&["contains"], Relation::Contains),
            (&["matches", "~"], Relation::Matches),
        ];
        RELATIONS
            .into_iter()
            .find_map(|(signs, relation)| self.take(signs).then_some(relation))
    }

    /// `{1, 5..9}`; the commas may be left out.
    fn set(&mut self, left: Operand) -> Parsed<Expression> {
        if !self.take(&["{"]) {
            return Err(self.expected("`{`"));
        }
        let mut ranges = Vec::new();
        while !self.take(&["}"]) {
            let first = self.literal(|token| literal::read(token, left.shape))?;
            let last = if self.take(&[".."]) {
                self.literal(|token| literal::read(token, left.shape))?
            } else {
                first.clone()
            };
            ranges.push((first, last));
            self.take(&[","]);
        }
        Ok(Expression::In(left, ranges))
    }

    /// A name, with slices and a mask; or `len(name)`.
    fn operand(&mut self) -> Parsed<Operand> {
        let token = self.peek();
        if token.kind != Kind::Word {
            return Err(self.expected("a name such as ip.src"));
        }
        self.next += 1;
        if token.text == "len" && self.take(&["("]) {
            let inner = self.operand()?;
            if !self.take(&[")"]) {
                return Err(self.expected("`)`"));
            }
            return Ok(Operand {
                shape: Shape::Number,
                length: true,
                ..inner
            });
        }
        let Some(named) = names::resolve(token.text) else {
            let hint = match names::nearest(token.text) {
                Some(nearest) => format!("; did you mean {nearest}?"),
                None => "; `tunlab proto` lists the names".to_owned(),
            };
            return Err(self.wrong(token, format!("nothing is called {}{hint}", token.text)));
        };
        let mut operand = Operand {
            sources: named.sources,
            shape: named.shape,
            mask: None,
            slices: Vec::new(),
            length: false,
        };
        if self.peek().kind == Kind::Slice {
            let token = self.peek();
            let slices: Option<Vec<Slice>> = token.text.split(',').map(slice).collect();
            operand.slices = slices.ok_or_else(|| {
                self.wrong(
                    token,
                    "write [start:length], [first-last] or [byte]".to_owned(),
                )
            })?;
            operand.shape = Shape::Bytes;
            self.next += 1;
        }
        if self.take(&["&"]) {
            let token = self.peek();
            let mask = number(token.text);
            operand.mask = Some(mask.ok_or_else(|| self.expected("a number"))?);
            operand.shape = Shape::Number;
            self.next += 1;
        }
        Ok(operand)
    }

    fn literal(&mut self, read: impl FnOnce(&Token) -> Result<Literal, String>) -> Parsed<Literal> {
        let token = self.peek();
        if matches!(token.kind, Kind::Sign | Kind::End | Kind::Slice) {
            return Err(self.expected("a value"));
        }
        self.next += 1;
        read(&token).map_err(|message| self.wrong(token, message))
    }

    fn peek(&self) -> Token<'t> {
        // The last token is the end, and nobody goes past it.
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    /// Goes past the next token if it is one of `words`.
    fn take(&mut self, words: &[&str]) -> bool {
        let token = self.peek();
        let found = matches!(token.kind, Kind::Sign | Kind::Word)
            && words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(token.text));
        self.next += usize::from(found);
        found
    }

    fn expected(&self, what: &str) -> FilterError {
        let token = self.peek();
        let message = match token.kind {
            Kind::End => format!("expected {what}, and the filter ends"),
            _ => format!("expected {what}"),
        };
        self.wrong(token, message)
    }

    fn wrong(&self, token: Token, message: String) -> FilterError {
        FilterError {
            text: self.text.to_owned(),
            at: token.at,
            len: token.text.len(),
            message,
        }
    }
}

/// `start:length`, `first-last`, `byte`, `:length` or `start:`.
fn slice(text: &str) -> Option<Slice> {
    let text = text.trim();
    let number = |text: &str| -> Option<i64> { text.trim().parse().ok() };
    if let Some((start, length)) = text.split_once(':') {
        let start = if start.is_empty() { 0 } else { number(start)? };
        let end = if length.is_empty() {
            SliceEnd::Open
        } else {
            SliceEnd::Length(number(length).filter(|length| *length > 0)?)
        };
        return Some(Slice { start, end });
    }
    // The first character may be a minus sign.
    if let Some(hyphen) = text.char_indices().skip(1).find(|(_, c)| *c == '-') {
        let start = number(&text[..hyphen.0])?;
        let end = SliceEnd::Last(number(&text[hyphen.0 + 1..])?);
        return Some(Slice { start, end });
    }
    let start = number(text)?;
    let end = SliceEnd::Length(1);
    Some(Slice { start, end })
}
