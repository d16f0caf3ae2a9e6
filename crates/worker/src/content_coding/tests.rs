use std::future::Future;

use http::HeaderValue;
use tokio::task::LocalSet;

use super::*;

const CODINGS: [Coding; 2] = [Coding::Gzip, Coding::Brotli];

/// Drives a future that copies bodies.
fn run<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, future)
}

fn text() -> Vec<u8> {
    b"to be or not to be ".repeat(500)
}

/// A stream of these chunks, written as the reader has room.
fn stream(chunks: Vec<Bytes>) -> BodyStream {
    let (writer, stream) = body_stream(None);
    tokio::task::spawn_local(async move {
        for chunk in chunks {
            if writer.send(Ok(chunk)).await.is_err() {
                return;
            }
        }
    });
    stream
}

async fn read(mut reader: BodyReader) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    while let Some(chunk) = reader.next().await {
        all.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
    }
    Ok(all)
}

/// All bytes of a body that is not to be decoded.
async fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::None => panic!("there is a body"),
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Stream(stream) => read(BodyReader::plain(stream)).await.unwrap(),
    }
}

async fn encoded(coding: Coding, text: Vec<u8>) -> Vec<u8> {
    let body = coding.encode(Body::Bytes(text.into()), &Room::default());
    bytes(body.unwrap()).await
}

/// What a reader gets of encoded bytes that arrive in pieces of this length.
async fn decoded(coding: Coding, bytes: &[u8], piece_bytes: usize) -> Result<Vec<u8>, String> {
    let chunks = bytes.chunks(piece_bytes).map(Bytes::copy_from_slice);
    let stream = stream(chunks.collect());
    read(BodyReader::coded(stream, coding, Room::default())).await
}

#[test]
fn what_was_encoded_is_decoded_whatever_the_pieces() {
    run(async {
        for coding in CODINGS {
            let encoded = encoded(coding, text()).await;
            assert!(encoded.len() < 200, "{coding:?}: {}", encoded.len());
            for piece_bytes in [1, 7, 10_000] {
                assert_eq!(
                    decoded(coding, &encoded, piece_bytes).await.unwrap(),
                    text(),
                    "{coding:?} {piece_bytes}"
                );
            }
        }
    });
}

#[test]
fn a_body_of_the_size_that_is_encoded_at_once_and_one_byte_more_come_back() {
    run(async {
        for coding in CODINGS {
            for length in [AT_ONCE_BYTES_MAX, AT_ONCE_BYTES_MAX + 1] {
                let body = Body::Bytes(vec![7; length].into());
                let body = coding.encode(body, &Room::default()).unwrap();
                let at_once = matches!(body, Body::Bytes(_));
                assert_eq!(at_once, length == AT_ONCE_BYTES_MAX);
                let encoded = bytes(body).await;
                assert_eq!(
                    decoded(coding, &encoded, 100).await.unwrap(),
                    vec![7; length]
                );
            }
        }
    });
}

#[test]
fn what_expands_to_much_comes_in_pieces_as_it_is_read() {
    run(async {
        for coding in CODINGS {
            let encoded = encoded(coding, vec![0; 10 * PIECE_BYTES + 1]).await;
            let body = stream(vec![encoded.into()]);
            let mut reader = BodyReader::coded(body, coding, Room::default());
            let mut length = 0;
            while let Some(piece) = reader.next().await {
                let piece = piece.unwrap();
                assert!(piece.len() <= PIECE_BYTES, "{}", piece.len());
                length += piece.len();
            }
            assert_eq!(length, 10 * PIECE_BYTES + 1);
        }
    });
}

#[test]
fn several_streams_after_each_other_are_one_body() {
    run(async {
        for coding in CODINGS {
            let twice = encoded(coding, text()).await.repeat(2);
            for piece_bytes in [1, 10_000] {
                let decoded = decoded(coding, &twice, piece_bytes).await.unwrap();
                assert_eq!(decoded, text().repeat(2), "{coding:?} {piece_bytes}");
            }
        }
    });
}

#[test]
fn data_that_ends_early_or_is_no_such_data_has_workerds_texts() {
    run(async {
        let gzip = encoded(Coding::Gzip, text()).await;
        let brotli = encoded(Coding::Brotli, text()).await;
        for length in 0..gzip.len() {
            assert_eq!(
                decoded(Coding::Gzip, &gzip[..length], 10)
                    .await
                    .unwrap_err(),
                "Gzip compressed stream ended prematurely."
            );
        }
        for length in 0..brotli.len() {
            assert_eq!(
                decoded(Coding::Brotli, &brotli[..length], 10)
                    .await
                    .unwrap_err(),
                "Brotli compressed stream ended prematurely."
            );
        }
        assert_eq!(
            decoded(Coding::Gzip, b"hello", 10).await.unwrap_err(),
            "Gzip decompression failed."
        );
        assert_eq!(
            decoded(Coding::Brotli, &text(), 10).await.unwrap_err(),
            "Brotli decompression failed."
        );
    });
}

#[test]
fn a_body_that_nobody_has_read_moves_as_it_is_to_who_wants_its_coding() {
    run(async {
        let damaged = Bytes::from_static(b"this is not gzip");
        let reader =
            BodyReader::coded(stream(vec![damaged.clone()]), Coding::Gzip, Room::default());

        let moved = reader.into_stream(Some(Coding::Gzip), &Room::default());

        assert_eq!(bytes(Body::Stream(moved.unwrap())).await, damaged);
    });
}

#[test]
fn a_body_moves_to_any_coding_or_none_and_both_halves_of_a_copy_do() {
    run(async {
        let room = Room::default();
        for from in CODINGS {
            for to in [None, Some(Coding::Gzip), Some(Coding::Brotli)] {
                let encoded = encoded(from, text()).await;
                let reader = BodyReader::coded(stream(vec![encoded.into()]), from, room.clone());
                let (left, right) = reader.tee();
                for side in [left, right] {
                    let moved = bytes(Body::Stream(side.into_stream(to, &room).unwrap())).await;
                    let got = match to {
                        None => moved,
                        Some(coding) => decoded(coding, &moved, 100).await.unwrap(),
                    };
                    assert_eq!(got, text(), "{from:?} {to:?}");
                }
            }
        }
        assert_eq!(room.taken(), 0);
    });
}

#[test]
fn what_a_stream_has_goes_out_when_nothing_follows_at_once() {
    run(async {
        for coding in CODINGS {
            let (writer, source) = body_stream(None);
            let body = coding.encode(Body::Stream(source), &Room::default());
            let Ok(Body::Stream(encoded)) = body else {
                panic!("a stream is encoded as one");
            };
            let mut reader = BodyReader::coded(encoded, coding, Room::default());
            for event in ["first", "second"] {
                writer.send(Ok(event.into())).await.unwrap();
                assert_eq!(reader.next().await.unwrap().unwrap(), event);
            }
            drop(writer);
            assert!(reader.next().await.is_none());
        }
    });
}

#[test]
fn nothing_stays_nothing() {
    run(async {
        let room = Room::default();
        let none = Coding::Gzip.encode(Body::None, &room).unwrap();
        assert!(matches!(none, Body::None));
        let empty = Coding::Gzip.encode(Body::Bytes(Bytes::new()), &room);
        assert_eq!(bytes(empty.unwrap()).await, b"");
        let ended = Coding::Gzip.encode(Body::Stream(stream(Vec::new())), &room);
        assert_eq!(bytes(ended.unwrap()).await, b"");
    });
}

#[test]
fn the_error_of_a_body_reaches_who_reads_it_encoded_or_decoded() {
    run(async {
        let failing = || {
            let (writer, stream) = body_stream(None);
            writer.try_send(Err(BodyError::Disconnected)).unwrap();
            stream
        };
        let lost = "Network connection lost.";
        let reader = BodyReader::coded(failing(), Coding::Gzip, Room::default());
        assert_eq!(read(reader).await.unwrap_err(), lost);
        let Ok(Body::Stream(encoded)) =
            Coding::Gzip.encode(Body::Stream(failing()), &Room::default())
        else {
            panic!("a stream is encoded as one");
        };
        assert_eq!(read(BodyReader::plain(encoded)).await.unwrap_err(), lost);
    });
}

#[test]
fn a_coding_is_named_exactly_and_alone_and_brotli_has_a_flag() {
    let named = |values: &[&'static str], flags: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
        }
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        Codings::of(&flags).named_in(&headers)
    };
    let brotli = &["brotli_content_encoding"];

    assert_eq!(named(&["gzip"], &[]), Some(Coding::Gzip));
    assert_eq!(named(&["br"], &[]), None);
    assert_eq!(named(&["br"], brotli), Some(Coding::Brotli));
    for other in ["GZIP", "x-gzip", "gzip, identity", "deflate", "zstd", ""] {
        assert_eq!(named(&[other], brotli), None, "{other}");
    }
    assert_eq!(named(&["gzip", "gzip"], brotli), None);
    assert_eq!(named(&[], brotli), None);
}
