//! A command as it is typed at a host's prompt: `u# ping -c 2 192.168.70.101`.

use serde::Deserialize;
use std::fmt;

/// A host, and what is typed there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Prompt {
    /// The host's name.
    pub host: String,
    /// The words of the command, quotes resolved.
    pub words: Vec<String>,
    /// The command as it is typed.
    pub command: String,
}

/// What is wrong with a command as it is typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// No `u# ` in front.
    #[error("write the host's prompt before the command: `u# ping 192.168.53.1`")]
    NoHost,
    /// Nothing behind it.
    #[error("there is no command behind the prompt")]
    NoCommand,
    /// A quote that is never closed.
    #[error("a quote is never closed")]
    OpenQuote,
}

impl TryFrom<String> for Prompt {
    type Error = PromptError;

    fn try_from(text: String) -> Result<Prompt, PromptError> {
        let (host, command) = text.split_once("# ").ok_or(PromptError::NoHost)?;
        let is_name = |letter: char| letter.is_ascii_alphanumeric();
        if host.is_empty() || !host.chars().all(is_name) {
            return Err(PromptError::NoHost);
        }
        let words = words(command)?;
        if words.is_empty() {
            return Err(PromptError::NoCommand);
        }
        Ok(Prompt {
            host: host.to_owned(),
            words,
            command: command.trim().to_owned(),
        })
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}# {}", self.host, self.command)
    }
}

/// Cuts a line at spaces that are not within quotes. There is no shell: nothing else has a
/// meaning.
fn words(line: &str) -> Result<Vec<String>, PromptError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(PromptError::OpenQuote);
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Prompt, PromptError> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_prompt_is_a_host_and_words() {
        let prompt = parse("u# tunlab send 'IP(dst=\"1.2.3.4\") / ICMP()' -c 1").unwrap();
        assert_eq!(prompt.host, "u");
        assert_eq!(
            prompt.words,
            ["tunlab", "send", "IP(dst=\"1.2.3.4\") / ICMP()", "-c", "1"]
        );
        assert_eq!(parse("v# printf ''").unwrap().words, ["printf", ""]);
    }

    #[test]
    fn what_is_no_prompt_is_refused() {
        assert_eq!(parse("ping 10.0.2.8"), Err(PromptError::NoHost));
        assert_eq!(parse("# ping"), Err(PromptError::NoHost));
        assert_eq!(parse("a b# ping"), Err(PromptError::NoHost));
        assert_eq!(parse("u#  "), Err(PromptError::NoCommand));
        assert_eq!(parse("u# echo 'x"), Err(PromptError::OpenQuote));
    }
}
