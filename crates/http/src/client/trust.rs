//! Which certificates the client believes.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};

/// A set of trusted roots, shared by all shards of a process.
///
/// Cheap to clone. The system's roots are read at the first `https` request, not before.
#[derive(Clone, Debug)]
pub struct Trust(Arc<OnceLock<Arc<ClientConfig>>>);

impl Trust {
    /// Trusts what the operating system trusts (or `SSL_CERT_FILE`); where it has no roots, what
    /// Mozilla trusts.
    pub fn system() -> Self {
        Self(Arc::new(OnceLock::new()))
    }

    /// Trusts these roots only.
    pub fn roots(roots: RootCertStore) -> Self {
        Self(Arc::new(OnceLock::from(config(roots))))
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(self.0.get_or_init(|| config(system_roots())))
    }

    /// The same for protocols that are not HTTP.
    pub(crate) fn config_of_any_protocol(&self) -> Arc<ClientConfig> {
        let mut config = (*self.config()).clone();
        config.alpn_protocols.clear();
        Arc::new(config)
    }
}

fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the ciphers of the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "read the system's root certificates");
    }
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(added, ignored, "system root certificates");
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
