//! From tokens to an expression, by recursive descent. From weakest to strongest:
//! `||` (`or`), `^^` (`xor`), `&&` (`and`), `!` (`not`), then comparisons.

use super::FilterError;
use super::expression::{Constant, Expression, Function, Operand, Relation};
use super::literal;
use super::names::{self, Shape};
use super::slice::{self, Slice};
use super::tcpdump;
use super::token::{Kind, Token, tokens};
use super::unknown;

/// How deep brackets and negations may nest.
const DEPTH: usize = 64;

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
    parser.whole().map_err(|error| parser.explained(error))
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
    depth: usize,
}

type Parsed<T> = Result<T, FilterError>;

impl<'t> Parser<'t> {
    fn whole(&mut self) -> Parsed<Expression> {
        let expression = self.or()?;
        match self.peek().kind {
            Kind::End => Ok(expression),
            _ => Err(self.expected("`&&`, `||` or the end")),
        }
    }

    /// The error, or what to write instead where somebody writes as for tcpdump.
    fn explained(&self, error: FilterError) -> FilterError {
        let Some(meant) = tcpdump::meant(&self.tokens) else {
            return error;
        };
        let written = meant.written;
        FilterError {
            at: meant.from.at,
            len: meant.to.at + meant.to.len - meant.from.at,
            message: format!(
                "this is the syntax of capture filters, as tcpdump's; write `{written}`"
            ),
            ..error
        }
    }

    fn or(&mut self) -> Parsed<Expression> {
        self.joined(&["||", "or"], Parser::xor, Expression::Or)
    }

    fn xor(&mut self) -> Parsed<Expression> {
        self.joined(&["^^", "xor"], Parser::and, Expression::Xor)
    }

    fn and(&mut self) -> Parsed<Expression> {
        self.joined(&["&&", "and"], Parser::not, Expression::And)
    }

    /// Terms with one of `words` between each two; one alone stands for itself.
    fn joined(
        &mut self,
        words: &[&str],
        term: fn(&mut Self) -> Parsed<Expression>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Parsed<Expression> {
        let first = term(self)?;
        if !self.take(words) {
            return Ok(first);
        }
        let mut terms = vec![first, term(self)?];
        while self.take(words) {
            terms.push(term(self)?);
        }
        Ok(join(terms))
    }

    fn not(&mut self) -> Parsed<Expression> {
        self.deeper()?;
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
        let mut start = self.peek();
        let quantifier = if self.take(&["any"]) {
            Some(false)
        } else {
            self.take(&["all"]).then_some(true)
        };
        if quantifier.is_some() {
            start = self.peek();
        }
        let mut left = self.operand()?;
        let negated = self.take(&["not"]);
        if negated || self.is_next("in") {
            if !self.take(&["in"]) {
                return Err(self.expected("`in`"));
            }
            left.every = quantifier.unwrap_or(false);
            let set = self.set(left)?;
            return Ok(if negated {
                Expression::Not(Box::new(set))
            } else {
                set
            });
        }
        let Some((relation, every)) = self.relation() else {
            return match quantifier {
                Some(_) => Err(self.expected("a comparison")),
                None => Ok(Expression::Exists(left)),
            };
        };
        left.every = quantifier.unwrap_or(every);
        if matches!(relation, Relation::Contains | Relation::Matches) && left.is_numeric() {
            let message = format!("{} is a number: it has no text to look into", start.text);
            return Err(self.wrong(start, message));
        }
        let token = self.peek();
        if self.is_operand(token, &left) && relation != Relation::Matches {
            let right = self.operand()?;
            if !left.goes_with(relation, &right) {
                let message = format!("{} and {} cannot be compared", start.text, token.text);
                return Err(self.wrong(token, message));
            }
            return Ok(Expression::Pair(left, relation, right));
        }
        let constant = self.constant(&left, relation)?;
        Ok(Expression::Compare(left, relation, constant))
    }

    /// What resolves as a name is one, unless it is what a value of the left side is called;
    /// everything else is a constant.
    fn is_operand(&self, token: Token, left: &Operand) -> bool {
        let function = Function::called(token.text).is_some() && self.is_sign_after("(");
        let value = left.value_of(token.text).is_some();
        token.kind == Kind::Word && (function || !value && names::resolve(token.text).is_some())
    }

    /// The relation, and whether all values must stand in it.
    fn relation(&mut self) -> Option<(Relation, bool)> {
        const RELATIONS: [(&[&str], Relation, bool); 11] = [
            (&["==", "eq", "any_eq"], Relation::Equal, false),
            (&["===", "all_eq"], Relation::Equal, true),
            (&["!=", "ne", "all_ne"], Relation::Differs, true),
            (&["!==", "~=", "any_ne"], Relation::Differs, false),
            (&[">=", "ge"], Relation::GreaterEqual, false),
            (&["<=", "le"], Relation::LessEqual, false),
            (&[">", "gt"], Relation::Greater, false),
            (&["<", "lt"], Relation::Less, false),
            (&["contains"], Relation::Contains, false),
            (&["matches"], Relation::Matches, false),
            (&["~"], Relation::Matches, false),
        ];
        RELATIONS
            .into_iter()
            .find_map(|(signs, relation, every)| self.take(signs).then_some((relation, every)))
    }

    /// `{1, 5..9}`; the commas may be left out.
    fn set(&mut self, left: Operand) -> Parsed<Expression> {
        if !self.take(&["{"]) {
            return Err(self.expected("`{`"));
        }
        let mut ranges = Vec::new();
        while !self.take(&["}"]) {
            let first = self.constant(&left, Relation::Equal)?;
            let last = if self.take(&[".."]) {
                self.constant(&left, Relation::Equal)?
            } else {
                first.clone()
            };
            ranges.push((first, last));
            self.take(&[","]);
        }
        if ranges.is_empty() {
            return Err(self.wrong(self.tokens[self.next - 1], "nothing is in `{}`".to_owned()));
        }
        Ok(Expression::In(left, ranges))
    }

    /// A name with slices and a mask, or a function of one.
    fn operand(&mut self) -> Parsed<Operand> {
        let token = self.peek();
        if token.kind != Kind::Word {
            return Err(self.expected("a name such as ip.src"));
        }
        self.next += 1;
        let mut operand = match Function::called(token.text) {
            Some(function) if self.take(&["("]) => self.call(token, function)?,
            _ => self.name(token)?,
        };
        if self.take(&["#"]) {
            self.choose_layers(token, &mut operand)?;
        }
        while self.peek().kind == Kind::Slice {
            self.cut(token, &mut operand)?;
        }
        if self.take(&["&"]) {
            let sign = self.tokens[self.next - 1];
            if operand
                .shapes
                .iter()
                .any(|shape| !matches!(shape, Shape::Number | Shape::Bytes))
            {
                return Err(self.wrong(sign, format!("{} has no bits to choose", token.text)));
            }
            let mask = literal::number(self.peek().text);
            operand.mask = Some(mask.ok_or_else(|| self.expected("a number"))?);
            operand.shapes = vec![Shape::Number];
            operand.most = u64::MAX;
            self.next += 1;
        }
        Ok(operand)
    }

    fn name(&self, token: Token) -> Parsed<Operand> {
        let Some(named) = names::resolve(token.text) else {
            return Err(self.wrong(token, unknown::unknown(token.text)));
        };
        Ok(Operand {
            sources: named.sources,
            shapes: named.shapes,
            values: named.values,
            most: named.most,
            every: false,
            layers: Vec::new(),
            slices: Vec::new(),
            mask: None,
            function: Function::Nothing,
        })
    }

    /// What stands in the brackets of a function.
    fn call(&mut self, token: Token, function: Function) -> Parsed<Operand> {
        self.deeper()?;
        let mut operand = self.operand()?;
        self.depth -= 1;
        if !self.take(&[")"]) {
            return Err(self.expected("`)`"));
        }
        let fits = operand.function == Function::Nothing
            && operand.mask.is_none()
            && match function {
                Function::Nothing | Function::Count => true,
                Function::Length => !operand.is_numeric(),
                Function::Lower | Function::Upper => operand.shapes == [Shape::Text],
            };
        if !fits {
            return Err(self.wrong(token, format!("{}() does not go with this", token.text)));
        }
        if matches!(function, Function::Length | Function::Count) {
            operand.shapes = vec![Shape::Number];
            operand.values = [None; 2];
            operand.most = u64::MAX;
        }
        operand.function = function;
        Ok(operand)
    }

    /// `#2`, `#-1`, `#[1-2]`: which layers of the protocol count.
    fn choose_layers(&mut self, name: Token, operand: &mut Operand) -> Parsed<()> {
        let token = self.peek();
        if operand.function != Function::Nothing {
            return Err(self.wrong(token, format!("write # behind a name, not {}()", name.text)));
        }
        let layers = match token.kind {
            Kind::Slice | Kind::Word => slices(token),
            _ => None,
        };
        operand.layers = layers.ok_or_else(|| {
            let message = "write #2 for the second layer of the protocol, #-1 for the last, #[1-2]";
            self.wrong(token, message.to_owned())
        })?;
        self.next += 1;
        Ok(())
    }

    fn cut(&mut self, name: Token, operand: &mut Operand) -> Parsed<()> {
        let token = self.peek();
        if operand.is_numeric()
            || operand.function != Function::Nothing
            || !operand.slices.is_empty()
        {
            return Err(self.wrong(token, format!("{} has no bytes to cut", name.text)));
        }
        operand.slices = slices(token).ok_or_else(|| {
            let message = "write [start:length], [first-last] or [byte]";
            self.wrong(token, message.to_owned())
        })?;
        operand.shapes = vec![Shape::Bytes];
        self.next += 1;
        Ok(())
    }

    /// A constant as what the left side's values can be.
    fn constant(&mut self, left: &Operand, relation: Relation) -> Parsed<Constant> {
        let token = self.peek();
        if matches!(token.kind, Kind::Sign | Kind::End | Kind::Slice) {
            return Err(self.expected("a value"));
        }
        self.next += 1;
        literal::read(&token, left, relation).map_err(|message| self.wrong(token, message))
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong(self.peek(), format!("more than {DEPTH} levels deep")));
        }
        Ok(())
    }

    fn peek(&self) -> Token<'t> {
        // The last token is the end, and nobody goes past it.
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn is_next(&self, word: &str) -> bool {
        let token = self.peek();
        token.kind == Kind::Word && token.text.eq_ignore_ascii_case(word)
    }

    fn is_sign_after(&self, sign: &str) -> bool {
        let after = self.tokens.get(self.next + 1);
        after.is_some_and(|token| token.kind == Kind::Sign && token.text == sign)
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
            Kind::Word if token.text.starts_with('=') => "write `==` to compare".to_owned(),
            _ => format!("expected {what}"),
        };
        self.wrong(token, message)
    }

    fn wrong(&self, token: Token, message: String) -> FilterError {
        FilterError {
            text: self.text.to_owned(),
            at: token.at,
            len: token.len,
            message,
        }
    }
}

/// The slices of a token, one behind another.
fn slices(token: Token) -> Option<Vec<Slice>> {
    token.text.split(',').map(slice::read).collect()
}
