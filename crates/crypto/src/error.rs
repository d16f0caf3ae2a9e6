//! Why an algorithm refused.

/// The three exceptions of Web Crypto that depend on bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// Key material is not what its format says: `DataError`.
    #[error("{0}")]
    Data(String),
    /// The operation failed for these inputs: `OperationError`.
    #[error("{0}")]
    Operation(String),
    /// The algorithm has no such variant: `NotSupportedError`.
    #[error("{0}")]
    NotSupported(String),
}

impl CryptoError {
    pub(crate) fn data(text: impl Into<String>) -> Self {
        Self::Data(text.into())
    }

    pub(crate) fn operation(text: impl Into<String>) -> Self {
        Self::Operation(text.into())
    }

    pub(crate) fn not_supported(text: impl Into<String>) -> Self {
        Self::NotSupported(text.into())
    }
}
