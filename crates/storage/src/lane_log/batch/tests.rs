use super::*;
use crate::lane_log::{AlarmChange, RecordKind};
use crate::object_pages::Mark;
use crate::page::EncodedPage;
use proptest::prelude::*;

const SEED: u64 = 0x1234_5678_9abc_def0;

const HEADER: SegmentHeader = SegmentHeader {
    number: 7,
    first_batch: 40,
    seed: SEED,
};

fn commit(txid: u64, pages: &[(u32, &[u8])]) -> Commit {
    Commit {
        mark: Mark {
            txid,
            time_ms: 1_700_000_000_000,
            page_count: 9,
        },
        pages: pages
            .iter()
            .map(|(number, page)| (*number, EncodedPage::from(*page)))
            .collect(),
        visible_name: None,
        alarm: AlarmChange::None,
    }
}

/// A segment with batches of one record each.
fn segment(bodies: &[&[u8]]) -> Vec<u8> {
    let mut bytes = HEADER.encode().to_vec();
    bytes.resize(SEGMENT_HEADER_BYTES as usize, 0);
    for (place, body) in bodies.iter().enumerate() {
        let mut batch = Batch::new(SEED);
        batch.commit(
            ("do/w-C", &ObjectName::new("o")),
            &commit(place as u64 + 1, &[(1, body)]),
        );
        bytes.extend(batch.encode(HEADER.first_batch + place as u64));
    }
    bytes
}

fn pages<'a>(found: &[LaneRecord<'a>]) -> Vec<&'a [u8]> {
    found
        .iter()
        .flat_map(|record| record.pages().map(|(_, page)| page))
        .collect()
}

#[test]
fn the_bytes_of_a_batch_are_these() {
    let mut batch = Batch::new(9);
    batch.commit(("d", &ObjectName::new("o")), &commit(3, &[(2, b"xy")]));

    let bytes = batch.encode(5);

    assert_eq!(&bytes[..16], b"stbatch\x02\x05\0\0\0\0\0\0\0");
    assert_eq!(&bytes[16..32], b"\x3b\0\0\0\x01\0\0\0\x08\0\0\0\0\0\0\0");
    let entry = &bytes[40..99];
    assert_eq!(&entry[..16], b"\x01\0\x01\0\x02\0\0\0\x03\0\0\0\0\0\0\0");
    assert_eq!(&entry[16..24], 1_700_000_000_000_u64.to_le_bytes());
    assert_eq!(&entry[24..32], [0; 8]);
    assert_eq!(&entry[32..48], b"\x09\0\0\0\x01\0\0\0\x08\0\0\0\0\0\0\0");
    assert_eq!(&entry[56..], b"d\0o");
    assert_eq!(&bytes[99..], b"\x02\0\0\0\x02\0xy\0\0\0\0\0");
}

#[test]
fn a_segment_cut_at_any_byte_keeps_the_whole_batches_before_the_cut() {
    let bodies: [&[u8]; 3] = [b"first", &[7; 300], b"third"];
    let whole = segment(&bodies);
    let ends: Vec<usize> = (1..=3)
        .map(|count| segment(&bodies[..count]).len())
        .collect();

    for length in SEGMENT_HEADER_BYTES as usize..=whole.len() {
        let found = records(&HEADER, &whole[..length], None).unwrap();
        // The padding at the end of a batch carries nothing.
        let kept = ends.iter().filter(|&&end| end < length + ALIGNMENT).count();
        let least = ends.iter().filter(|&&end| end <= length).count();
        assert!((least..=kept).contains(&found.len()), "{length}");
        assert_eq!(pages(&found), bodies[..found.len()], "{length}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bodies: [&[u8]; 2] = [b"first body", b"second"];
    let whole = segment(&bodies);
    let first_end = segment(&bodies[..1]).len();
    for at in SEGMENT_HEADER_BYTES as usize..first_end {
        let mut flipped = whole.clone();
        flipped[at] ^= 16;
        match records(&HEADER, &flipped, None) {
            Err(damage) => assert_eq!(damage.offset, SEGMENT_HEADER_BYTES),
            // In a body, or in the padding.
            Ok(found) => {
                assert_eq!(found.len(), 2);
                let expected: &[&[u8]] = match found[0].is_damaged {
                    true => &bodies[1..],
                    false => &bodies,
                };
                assert_eq!(pages(&found), expected, "byte {at}");
            }
        }
    }
}

#[test]
fn a_damaged_last_batch_is_one_that_was_never_reported_unless_another_segment_follows() {
    let mut bytes = segment(&[b"first", b"second"]);
    let place = bytes.windows(6).position(|part| part == b"second");
    bytes[place.unwrap()] ^= 1;

    assert_eq!(pages(&records(&HEADER, &bytes, None).unwrap()), [b"first"]);
    let found = records(&HEADER, &bytes, Some(42)).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found[1].is_damaged);
}

#[test]
fn what_a_later_segment_repeats_is_void() {
    let bytes = segment(&[b"first", b"refused"]);

    let found = records(&HEADER, &bytes, Some(41)).unwrap();

    assert_eq!(pages(&found), [b"first"]);
}

#[test]
fn a_missing_batch_before_another_segment_is_damage() {
    let bytes = segment(&[b"first"]);
    let end = bytes.len() as u64;

    assert_eq!(
        records(&HEADER, &bytes, Some(42)),
        Err(Damage { offset: end })
    );
}

#[test]
fn batches_of_an_earlier_use_of_the_file_do_not_count() {
    let old = segment(&[b"1", b"2", b"3"]);
    let header = SegmentHeader {
        first_batch: 43,
        ..HEADER
    };
    assert_eq!(records(&header, &old, None), Ok(Vec::new()));
    let header = SegmentHeader { seed: 1, ..HEADER };
    assert_eq!(records(&header, &old, None), Ok(Vec::new()));
}

#[test]
fn a_damaged_segment_header_is_not_believed() {
    let bytes = HEADER.encode();
    assert_eq!(SegmentHeader::decode(&bytes), Ok(HEADER));
    for at in 0..bytes.len() {
        let mut flipped = bytes;
        flipped[at] ^= 4;
        assert_eq!(
            SegmentHeader::decode(&flipped),
            Err(BadHeader::Damaged),
            "byte {at}"
        );
    }
    assert_eq!(SegmentHeader::decode(&bytes[..39]), Err(BadHeader::Damaged));
}

fn alarm() -> impl Strategy<Value = AlarmChange> {
    prop_oneof![
        Just(AlarmChange::None),
        Just(AlarmChange::Removed),
        any::<i64>().prop_map(AlarmChange::Set),
    ]
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(
        written in prop::collection::vec(
            (
                any::<bool>(),
                "[a-z/]{0,40}",
                "[a-z0-9]{1,70}",
                "[a-z]{0,20}",
                any::<(u64, i64, u32)>(),
                alarm(),
                prop::collection::vec(
                    (any::<u32>(), prop::collection::vec(any::<u8>(), 0..200)),
                    0..5,
                ),
            ),
            0..10,
        )
    ) {
        let mut batch = Batch::new(SEED);
        for (is_void, label, id, name, (txid, time_ms, page_count), alarm, pages) in &written {
            let object = (label.as_str(), &ObjectName::new(id));
            let commit = Commit {
                mark: Mark { txid: *txid, time_ms: *time_ms, page_count: *page_count },
                pages: pages
                    .iter()
                    .map(|(number, page)| (*number, EncodedPage::from(page.as_slice())))
                    .collect(),
                visible_name: (!name.is_empty()).then(|| name.as_str().into()),
                alarm: *alarm,
            };
            match is_void {
                true => batch.void(object),
                false => batch.commit(object, &commit),
            }
        }
        let mut bytes = HEADER.encode().to_vec();
        bytes.resize(SEGMENT_HEADER_BYTES as usize, 0);
        bytes.extend(batch.encode(HEADER.first_batch));
        prop_assert_eq!(bytes.len(), SEGMENT_HEADER_BYTES as usize + batch.bytes());

        let found = records(&HEADER, &bytes, None).unwrap();

        prop_assert_eq!(found.len(), written.len());
        for (record, (is_void, label, id, name, mark, alarm, pages)) in found.iter().zip(&written) {
            prop_assert_eq!(record.namespace, label);
            prop_assert_eq!(&record.id, id);
            prop_assert!(!record.is_damaged);
            if *is_void {
                prop_assert_eq!(record.kind, RecordKind::Void);
                prop_assert_eq!(record.pages().count(), 0);
                continue;
            }
            prop_assert_eq!(record.name.unwrap_or_default(), name);
            prop_assert_eq!((record.txid, record.time_ms, record.db_pages), *mark);
            prop_assert_eq!(record.alarm, *alarm);
            let found: Vec<_> = record.pages().map(|(number, page)| (number, page.to_vec())).collect();
            prop_assert_eq!(&found, pages);
        }
    }
}
