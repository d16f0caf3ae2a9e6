//! The client over TLS, with a root of the test's own.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use stated_http::{Client, FetchError, Limits, RedirectMode, Trust};
use stated_object::message::FetchResponse;
use stated_object::socket::SocketMessage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::{get, run, text_of};

fn certificate(pem: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem).unwrap()
}

fn acceptor() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate(include_bytes!("certs/server.pem"))],
            PrivateKeyDer::from_pem_slice(include_bytes!("certs/server.key")).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn trusting_client() -> Client {
    let mut roots = RootCertStore::empty();
    roots
        .add(certificate(include_bytes!("certs/ca.pem")))
        .unwrap();
    Client::new(&Limits::default(), Trust::roots(roots))
}

async fn fetch_trusting(url: String) -> Result<FetchResponse, FetchError> {
    trusting_client()
        .fetch(get(url), RedirectMode::Follow)
        .await
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn a_trusted_server_is_fetched_from() {
    run(async {
        let (listener, port) = listener().await;
        let (_, response) = tokio::join!(
            async {
                let mut stream = acceptor()
                    .accept(listener.accept().await.unwrap().0)
                    .await
                    .unwrap();
                let mut head = [0; 1024];
                assert!(
                    stream.read(&mut head).await.unwrap() > 0,
                    "a request arrives"
                );
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
                    .await
                    .unwrap();
                stream.flush().await.unwrap();
            },
            fetch_trusting(format!("https://localhost:{port}/")),
        );

        assert_eq!(text_of(response.unwrap()).await, "secret");
    });
}

#[test]
fn a_server_of_another_name_or_root_is_refused() {
    run(async {
        let nobody = Client::new(&Limits::default(), Trust::roots(RootCertStore::empty()));
        for (client, host, reason) in [
            (
                nobody,
                "localhost",
                "invalid peer certificate: UnknownIssuer",
            ),
            (
                trusting_client(),
                "127.0.0.1",
                "invalid peer certificate: certificate not valid for name",
            ),
        ] {
            let (listener, port) = listener().await;
            let (_, result) = tokio::join!(
                async {
                    acceptor()
                        .accept(listener.accept().await.unwrap().0)
                        .await
                        .is_err()
                },
                client.fetch(get(format!("https://{host}:{port}/")), RedirectMode::Follow),
            );

            let text = result.unwrap_err().to_string();
            assert!(
                text.starts_with(&format!("fetch(): TLS with `{host}:{port}`: {reason}")),
                "{text}"
            );
        }
    });
}

#[test]
fn a_server_without_tls_is_reported() {
    run(async {
        let (listener, port) = listener().await;
        let (_, result) = tokio::join!(
            async {
                let mut stream = listener.accept().await.unwrap().0;
                stream
                    .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    .await
                    .unwrap();
                let _ = stream.read_to_end(&mut Vec::new()).await;
            },
            fetch_trusting(format!("https://localhost:{port}/")),
        );

        let text = result.unwrap_err().to_string();
        assert!(
            text.starts_with(&format!("fetch(): TLS with `localhost:{port}`: ")),
            "{text}"
        );
    });
}

#[test]
fn a_websocket_runs_over_tls() {
    use futures_util::{SinkExt, StreamExt};

    run(async {
        let (listener, port) = listener().await;
        let client = trusting_client();
        let url = format!("wss://localhost:{port}/");
        let (peer, end) = tokio::join!(
            async {
                let stream = acceptor()
                    .accept(listener.accept().await.unwrap().0)
                    .await
                    .unwrap();
                tokio_tungstenite::accept_async(stream).await.unwrap()
            },
            async { client.connect(&url, &[]).await.unwrap() },
        );
        let (mut peer, mut end) = (peer, end);

        end.outgoing
            .send(SocketMessage::Text("out".into()))
            .await
            .unwrap();
        assert_eq!(peer.next().await.unwrap().unwrap(), Message::text("out"));
        peer.send(Message::text("in")).await.unwrap();
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("in".into()))
        );
    });
}
