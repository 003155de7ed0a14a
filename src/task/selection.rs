//! A filter in a task file: compiled when it is read, so that a mistyped one is an error there.

use crate::packet::filter::{Filter, FilterError};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// Which packets are meant, in tunlab's filter language.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Selection {
    /// As it is written.
    pub text: String,
    /// Ready to be asked.
    pub filter: Arc<Filter>,
}

impl TryFrom<String> for Selection {
    type Error = FilterError;

    fn try_from(text: String) -> Result<Selection, FilterError> {
        let filter = Arc::new(Filter::compile(&text)?);
        Ok(Selection { text, filter })
    }
}

impl fmt::Debug for Selection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.text)
    }
}
