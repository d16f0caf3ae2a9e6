//! Why an operation was refused: a status, a code and a text for the operator.

use stated_core::error::Failure;
use stated_storage::{DurabilityError, FolderError, StorageError};

use crate::value::ValueError;

/// The code of an unknown namespace. Source: reference section 16.
const CODE_UNKNOWN_NAMESPACE: u32 = 10066;
/// The code of everything else.
const CODE_OTHER: u32 = 10000;

/// Why an operation was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such namespace.
    #[error("Durable Object namespace ID '{0}' not found.")]
    UnknownNamespace(String),
    /// The object has never stored anything and is not in memory.
    #[error("object `{0}` does not exist")]
    UnknownObject(String),
    /// The object has no such facet, or the facet has nothing stored.
    #[error("object `{id}` has no facet `{}` with stored data", .path.join("` `"))]
    UnknownFacet {
        /// The object.
        id: String,
        /// The names that should lead to it.
        path: Vec<String>,
    },
    /// The object has no such key.
    #[error("object `{id}` has no key `{key}`")]
    UnknownKey {
        /// The object.
        id: String,
        /// The key.
        key: String,
    },
    /// There is no such route.
    #[error("`{0}` is not part of this API")]
    UnknownRoute(String),
    /// The request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// A value that cannot be shown.
    #[error("value of key `{key}`: {source}")]
    Value {
        /// Its key.
        key: String,
        /// Why.
        source: ValueError,
    },
    /// The object has an event to finish.
    #[error("object `{0}` is busy")]
    Busy(String),
    /// Files that are not what they should be, or are there already.
    #[error("{0}")]
    Conflict(String),
    /// The program's own refusal of a statement.
    #[error("{0}")]
    Sql(StorageError),
    /// A state that is not kept.
    #[error("{0}")]
    History(StorageError),
    /// Statements that did not end in time.
    #[error(
        "the statements ran for {0} seconds, which is the limit; nothing of what they did is kept"
    )]
    QueryTime(u64),
    /// Storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A commit that did not become durable.
    #[error(transparent)]
    Durability(#[from] DurabilityError),
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The object's own failure.
    #[error("{}", .0.message)]
    Object(Failure),
    /// Any other file.
    #[error("{0}: {1}")]
    File(&'static str, std::io::Error),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Object(failure)
    }
}

impl Refusal {
    /// The status of the HTTP response.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownNamespace(_)
            | Self::UnknownObject(_)
            | Self::UnknownFacet { .. }
            | Self::UnknownKey { .. }
            | Self::UnknownRoute(_) => 404,
            Self::BadRequest(_) | Self::Sql(_) | Self::QueryTime(_) | Self::History(_) => 400,
            Self::Busy(_) | Self::Conflict(_) => 409,
            Self::Value { .. } => 422,
            Self::Object(_) => 503,
            Self::Storage(_) | Self::Durability(_) | Self::Folder(_) | Self::File(..) => 500,
        }
    }

    /// Whether what is stored of the object is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Storage(StorageError::Damaged { .. }))
    }

    /// Whether a server uses the folder, so that it must be asked instead.
    pub fn folder_is_in_use(&self) -> bool {
        matches!(self, Self::Folder(FolderError::InUse { .. }))
    }

    /// The code in the envelope's `errors`.
    pub fn code(&self) -> u32 {
        match self {
            Self::UnknownNamespace(_) => CODE_UNKNOWN_NAMESPACE,
            _ => CODE_OTHER,
        }
    }
}
