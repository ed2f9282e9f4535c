//! TLS: spoken with the server a certificate names, if it is trusted, and with nobody else.
//!
//! The certificate beside this file is for `wells.example`, signed by itself, valid for a century.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::server::ok;
use super::*;

const CERTIFICATE: &[u8] = include_bytes!("secure/certificate.der");
const KEY: &[u8] = include_bytes!("secure/key.der");

/// Answers every TLS connection once; its port.
async fn serve() -> u16 {
    let key = PrivateKeyDer::try_from(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let read = stream.read(&mut [0; 4096]).await.unwrap();
            assert!(read > 0);
            stream.write_all(&ok("sealed")).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    port
}

fn secure(network: Network, origin: &str) -> Http {
    let home = vec![Ipv4Addr::LOCALHOST.into()];
    let origins = vec![origin.parse().unwrap()];
    Http::new(scripted(network, vec![home]), origins, BTreeMap::new(), HttpLimits::default())
}

#[tokio::test]
async fn a_trusted_server_is_spoken_with_and_no_other() {
    let port = serve().await;
    let wells = format!("https://wells.example:{port}");
    let other = format!("https://other.example:{port}");
    let trusting = || here().trusting(CERTIFICATE);
    let answer = secure(trusting(), &wells).send(get(&wells), PATIENCE).await.unwrap();
    assert_eq!(answer.body, b"sealed");
    for (network, origin) in [(trusting(), &other), (here(), &wells)] {
        let broken = secure(network, origin).send(post(origin, "{}"), PATIENCE).await;
        let Err(Broken::Unsent { reason, .. }) = broken else { panic!("{broken:?}") };
        assert!(reason.contains("certificate"), "{reason}");
    }
}
