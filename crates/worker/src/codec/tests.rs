use super::{Codec, CodecError, DeflateSettings, Flush, Members, Wrapper};

const WRAPPERS: [Wrapper; 3] = [Wrapper::Zlib, Wrapper::Gzip, Wrapper::Raw];
/// Room of the output in these tests, so that every format needs several steps.
const ROOM: usize = 100;

fn text() -> Vec<u8> {
    b"to be or not to be ".repeat(500)
}

/// Everything that comes out when the input comes in pieces of this length.
fn run(codec: &mut Codec, input: &[u8], piece_bytes: usize) -> Result<Vec<u8>, CodecError> {
    let mut output = Vec::new();
    for piece in input.chunks(piece_bytes) {
        push(codec, piece, Flush::None, &mut output)?;
    }
    push(codec, &[], Flush::Finish, &mut output)?;
    Ok(output)
}

/// Returns how much of the piece was taken in.
fn push(
    codec: &mut Codec,
    piece: &[u8],
    flush: Flush,
    output: &mut Vec<u8>,
) -> Result<usize, CodecError> {
    let mut taken = 0;
    loop {
        let mut room = [0; ROOM];
        let step = codec.step(&piece[taken..], &mut room, flush)?;
        taken += step.took;
        output.extend_from_slice(&room[..step.wrote]);
        if step.wrote < ROOM {
            return Ok(taken);
        }
    }
}

/// A compressor and a decompressor of every format.
fn pairs() -> Vec<(Codec, Codec)> {
    let mut pairs: Vec<_> = WRAPPERS
        .into_iter()
        .map(|wrapper| {
            let encode = Codec::deflate(wrapper, DeflateSettings::default());
            let decode = Codec::inflate(wrapper, 15, None, Members::Several);
            (encode.unwrap(), decode.unwrap())
        })
        .collect();
    pairs.push((
        Codec::brotli_encode(&[]).unwrap(),
        Codec::brotli_decode(&[]).unwrap(),
    ));
    pairs.push((
        Codec::zstd_encode(&[], None, None).unwrap(),
        Codec::zstd_decode(&[], None).unwrap(),
    ));
    pairs
}

#[test]
fn what_was_compressed_comes_back_whatever_the_pieces_and_again_after_a_reset() {
    for (mut encode, mut decode) in pairs() {
        for piece_bytes in [1, 7, 10_000] {
            let compressed = run(&mut encode, &text(), piece_bytes).unwrap();
            assert!(compressed.len() < 200, "{}", compressed.len());
            assert_eq!(
                run(&mut decode, &compressed, piece_bytes).unwrap(),
                text(),
                "{piece_bytes}"
            );
            encode.reset().unwrap();
            decode.reset().unwrap();
        }
    }
}

#[test]
fn data_that_ends_early_is_an_error_at_every_length() {
    for (mut encode, mut decode) in pairs() {
        let compressed = run(&mut encode, b"some text", 100).unwrap();
        for length in 1..compressed.len() {
            assert_eq!(
                run(&mut decode, &compressed[..length], 100),
                Err(CodecError::unexpected_end()),
                "{length}"
            );
            decode.reset().unwrap();
        }
    }
}

#[test]
fn a_flush_gives_everything_that_went_in() {
    for (mut encode, mut decode) in pairs() {
        let mut compressed = Vec::new();
        push(&mut encode, b"first", Flush::Sync, &mut compressed).unwrap();
        let mut output = Vec::new();
        push(&mut decode, &compressed, Flush::None, &mut output).unwrap();
        assert_eq!(output, b"first");
    }
}

#[test]
fn any_wrapper_is_zlib_or_gzip_also_byte_by_byte() {
    for wrapper in [Wrapper::Zlib, Wrapper::Gzip] {
        let mut encode = Codec::deflate(wrapper, DeflateSettings::default()).unwrap();
        let compressed = run(&mut encode, &text(), 1000).unwrap();
        let mut decode = Codec::inflate(Wrapper::Any, 0, None, Members::Several).unwrap();
        for piece_bytes in [1, 1000] {
            assert_eq!(run(&mut decode, &compressed, piece_bytes).unwrap(), text());
            decode.reset().unwrap();
        }
    }
}

#[test]
fn what_follows_the_end_is_not_taken_in_unless_it_is_another_member() {
    for (mut encode, mut decode) in pairs() {
        let mut data = run(&mut encode, b"some text", 100).unwrap();
        let length = data.len();
        data.push(0);
        let mut output = Vec::new();
        let taken = push(&mut decode, &data, Flush::Finish, &mut output).unwrap();
        assert_eq!((taken, &output[..]), (length, &b"some text"[..]));
    }
    for (mut encode, mut decode) in [pairs().remove(1), pairs().remove(4)] {
        let mut data = run(&mut encode, b"one ", 100).unwrap();
        encode.reset().unwrap();
        data.extend(run(&mut encode, b"two", 100).unwrap());
        for piece_bytes in [1, 100] {
            assert_eq!(
                run(&mut decode, &data, piece_bytes).unwrap(),
                b"one two",
                "{piece_bytes}"
            );
            decode.reset().unwrap();
        }
    }
}

#[test]
fn level_and_strategy_change_in_the_middle() {
    for wrapper in WRAPPERS {
        for flush in [Flush::None, Flush::Sync] {
            let settings = DeflateSettings {
                level: 0,
                ..DeflateSettings::default()
            };
            let mut encode = Codec::deflate(wrapper, settings).unwrap();
            let mut compressed = Vec::new();
            push(&mut encode, &text(), flush, &mut compressed).unwrap();
            encode.change(9, 0);
            push(&mut encode, &text(), Flush::Sync, &mut compressed).unwrap();
            let both = compressed.len();
            encode.change(6, 2);
            push(&mut encode, &text(), Flush::Finish, &mut compressed).unwrap();

            assert!(both < text().len() + 1000, "{both}");
            assert!(compressed.len() > both + 2000, "{}", compressed.len());
            let mut decode = Codec::inflate(wrapper, 15, None, Members::Several).unwrap();
            assert_eq!(
                run(&mut decode, &compressed, 1000).unwrap(),
                text().repeat(3)
            );
        }
    }
}

#[test]
fn settings_outside_of_the_ranges_become_the_nearest_inside() {
    for (level, window_bits, mem_level, strategy) in [(-9, 0, 0, 9), (99, 99, 99, 99)] {
        let settings = DeflateSettings {
            level,
            window_bits,
            mem_level,
            strategy,
            dictionary: None,
        };
        for wrapper in WRAPPERS {
            let mut encode = Codec::deflate(wrapper, settings.clone()).unwrap();
            let mut decode = Codec::inflate(wrapper, 99, None, Members::Several).unwrap();
            let compressed = run(&mut encode, &text(), 1000).unwrap();
            assert_eq!(run(&mut decode, &compressed, 1000).unwrap(), text());
        }
    }
}

#[test]
fn parameters_that_do_not_exist_are_refused() {
    assert!(Codec::brotli_encode(&[(9, 1)]).is_err());
    assert!(Codec::brotli_encode(&[(0, -1)]).is_err());
    assert!(Codec::brotli_decode(&[(2, 1)]).is_err());
    assert!(Codec::zstd_encode(&[(1, 1)], None, None).is_err());
    assert!(Codec::zstd_encode(&[(107, 10)], None, None).is_err());
    assert!(Codec::zstd_decode(&[(101, 10)], None).is_err());
}

#[test]
fn windows_of_zstd_are_bounded() {
    assert!(Codec::zstd_encode(&[(101, 27)], None, None).is_ok());
    assert!(Codec::zstd_encode(&[(101, 28)], None, None).is_err());
    for (window, fits) in [(0x88, true), (0x90, false)] {
        // A header with a window of 2^27 or 2^28 bytes, and an empty last block.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0];
        let mut decode = Codec::zstd_decode(&[(100, 31)], None).unwrap();
        assert_eq!(run(&mut decode, &frame, 100).is_ok(), fits);
    }
}
