//! Bounds what is read before anything follows it by recursion: parsers do, and so do the passes over what they give,
//! while the stack of a macro is not endless.
//!
//! Every token has a price, the stack that a debug build takes at most to go past it, in kibibytes. What counts is the
//! price of all that is open at a token: of the brackets around it, and of what stands before it in the same expression
//! and in those around. So long lists and long chains of layers cost nothing; a long sum costs little; what nests costs
//! much.

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree, token_stream::IntoIter};

#[cfg(test)]
mod tests;

/// What may be open at once: some 80 calls within calls, or a sum of 200 terms.
const BUDGET: usize = 1280;

/// A name, a literal, a closed bracket, or a sign between two of them: the tree becomes deeper by a node.
const PLAIN: usize = 3;
/// A sign before an operand, a keyword, a closure's bar: the parser of expressions calls itself.
const NESTED: usize = 12;
/// The same where a type may stand; parsers of types take more.
const NESTED_TYPE: usize = 34;
/// A bracket of an expression, and of a type.
const BRACKET: usize = 13;
const BRACKET_TYPE: usize = 32;
/// Braces hold statements, and behind `fn` or `impl` items.
const BRACE: usize = 20;
const BRACE_TYPE: usize = 40;
/// The list of a generic type's arguments.
const ANGLE: usize = 48;

/// The longest number, in characters: one of 64 bits fits however it is written.
const DIGITS: usize = 256;

/// Words that a type or an item follows.
const TYPES: &[&str] = &[
    "as", "const", "dyn", "enum", "extern", "fn", "for", "impl", "mod", "static", "struct",
    "trait", "type", "union", "unsafe", "use", "where",
];

/// Words that are no operands.
const KEYWORDS: &[&str] = &[
    "async", "await", "become", "box", "break", "continue", "do", "else", "if", "in", "let",
    "loop", "match", "move", "mut", "pub", "ref", "return", "static", "try", "while", "yield",
];

/// Refuses what nests too deeply, and numbers of more digits than any has.
pub(super) fn check_depth(tokens: &TokenStream) -> syn::Result<()> {
    let mut open = vec![Level::new(tokens.clone(), 0, false)];
    let mut price = 0;
    loop {
        let outermost = open.len() == 1;
        let Some(level) = open.last_mut() else {
            return Ok(());
        };
        let Some(token) = level.tokens.next() else {
            price -= level.opened + level.run;
            open.pop();
            if let Some(around) = open.last_mut() {
                price += around.closed();
            }
            continue;
        };
        check_length(&token)?;
        price -= level.run;
        let inside = level.read(&token);
        price += level.run;
        // What stands in the outermost brackets is read by a parser of ours, which does not recurse.
        let (typed, culprit) = (level.typed, level.culprit);
        if outermost {
            price = 0;
            level.run = 0;
        }
        if let TokenTree::Group(group) = &token {
            open.push(match outermost {
                true => Level::new(group.stream(), 0, false),
                false => Level::new(group.stream(), inside, typed),
            });
            price += open.last().map_or(0, |level| level.opened);
        }
        if price > BUDGET {
            let span = culprit.unwrap_or(token.span());
            let message = "this is too long or too deep for one expression; name parts of it with `let` or `const`";
            return Err(syn::Error::new(span, message));
        }
    }
}

/// Numbers are read digit by digit, in time that grows with their square.
fn check_length(token: &TokenTree) -> syn::Result<()> {
    let TokenTree::Literal(literal) = token else {
        return Ok(());
    };
    let text = literal.to_string();
    if text.len() <= DIGITS
        || !text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
    {
        return Ok(());
    }
    let message = format!(
        "this number is {} characters long, and none needs more than {DIGITS}; write it shorter, as in `1e-4`",
        text.len()
    );
    Err(syn::Error::new(literal.span(), message))
}

/// The tokens between two brackets while they are counted.
struct Level {
    tokens: IntoIter,
    /// The price of the brackets.
    opened: usize,
    /// The price of what stands before in the same expression.
    run: usize,
    /// Whether what follows may be a type, here and around.
    typed: bool,
    typed_around: bool,
    /// `<` that are open, whose commas end no expression; nor does a comma behind a `|`, which may begin a closure.
    angles: usize,
    bars: bool,
    /// What made commas count for nothing: the token to blame for a long run.
    culprit: Option<Span>,
    /// Whether only attributes have been read so far; and whether a `#` was the last.
    leading: bool,
    hash: bool,
    /// Whether the last token ended an operand, so that a sign joins it with another.
    operand: bool,
    /// A sign that the next one may belong to, as `-` to the `>` of an arrow.
    joint: bool,
}

impl Level {
    fn new(tokens: TokenStream, opened: usize, typed: bool) -> Self {
        Self {
            tokens: tokens.into_iter(),
            opened,
            run: 0,
            typed,
            typed_around: typed,
            angles: 0,
            bars: false,
            culprit: None,
            leading: true,
            hash: false,
            operand: false,
            joint: false,
        }
    }

    /// Counts a token; gives the price of what is inside, if it is a bracket.
    fn read(&mut self, token: &TokenTree) -> usize {
        let (hash, joint) = (self.hash, self.joint);
        (self.hash, self.joint) = (false, false);
        match token {
            TokenTree::Punct(mark) => {
                self.joint =
                    mark.spacing() == Spacing::Joint && matches!(mark.as_char(), '-' | '=');
                self.mark(mark.as_char(), mark.span(), joint);
                0
            }
            TokenTree::Group(group) => {
                let price = match (group.delimiter(), self.typed) {
                    (Delimiter::Brace, false) => BRACE,
                    (Delimiter::Brace, true) => BRACE_TYPE,
                    (_, false) => BRACKET,
                    (_, true) => BRACKET_TYPE,
                };
                self.leading &= hash;
                self.operand = group.delimiter() != Delimiter::Brace;
                price
            }
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let types = TYPES.contains(&word.as_str());
                let keyword = types || KEYWORDS.contains(&word.as_str());
                self.typed |= types;
                self.operand(keyword);
                0
            }
            TokenTree::Literal(_) => {
                self.operand(false);
                0
            }
        }
    }

    /// What a bracket costs once it is closed.
    fn closed(&mut self) -> usize {
        let price = if self.leading { 0 } else { PLAIN };
        self.run += price;
        price
    }

    /// A word or a number; two in a row are more than an operand.
    fn operand(&mut self, keyword: bool) {
        self.run += match keyword || self.operand {
            true => self.nested(),
            false => PLAIN,
        };
        self.operand = !keyword;
        self.leading = false;
    }

    fn mark(&mut self, mark: char, span: Span, joint: bool) {
        match mark {
            ';' => return self.begin(),
            ',' if self.angles == 0 && !self.bars => return self.begin(),
            '#' if self.leading => {
                self.hash = true;
                return;
            }
            _ => {}
        }
        self.leading = false;
        self.run += match mark {
            '<' => ANGLE,
            ',' | '?' => PLAIN,
            '+' | '-' | '*' | '/' | '%' | '&' | '^' | '.' if self.operand => PLAIN,
            _ => self.nested(),
        };
        match mark {
            '<' => {
                self.angles += 1;
                self.culprit.get_or_insert(span);
            }
            '>' if !joint => {
                self.angles = self.angles.saturating_sub(1);
                if self.angles == 0 && !self.bars {
                    self.culprit = None;
                }
            }
            '|' => {
                self.bars = true;
                self.culprit.get_or_insert(span);
            }
            _ => {}
        }
        self.typed |= matches!(mark, '<' | '>' | ':');
        self.operand = mark == '?';
    }

    /// What follows is an expression of its own.
    fn begin(&mut self) {
        (self.run, self.angles, self.bars) = (0, 0, false);
        (self.typed, self.culprit) = (self.typed_around, None);
        (self.leading, self.operand) = (true, false);
    }

    fn nested(&self) -> usize {
        match self.typed {
            true => NESTED_TYPE,
            false => NESTED,
        }
    }
}
