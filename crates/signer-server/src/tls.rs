//! HTTPS without a terminator in front.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

/// A certificate with its key, which can be replaced while connections go on.
#[derive(Clone)]
pub struct TlsIdentity(Arc<ArcSwap<ServerConfig>>);

impl TlsIdentity {
    /// Reads a chain of certificates, the server's first, and its private key, both PEM. TLS 1.2 and 1.3 are
    /// spoken, and HTTP/1.1 over them.
    ///
    /// # Errors
    /// A text for the operator when either cannot be read or they do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, &'static str> {
        configuration(chain, key).map(|config| Self(Arc::new(ArcSwap::from_pointee(config))))
    }

    /// Replaces the certificate and the key for connections that come from now on.
    ///
    /// # Errors
    /// As [`TlsIdentity::from_pem`]; the old ones are kept.
    pub fn replace(&self, chain: &[u8], key: &[u8]) -> Result<(), &'static str> {
        configuration(chain, key).map(|config| self.0.store(Arc::new(config)))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.load_full())
    }
}

fn configuration(chain: &[u8], key: &[u8]) -> Result<ServerConfig, &'static str> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| "the certificates are no pem")?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "the private key is no pem")?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "no protocol version")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| "the certificate and the private key do not belong together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsIdentity")
    }
}
