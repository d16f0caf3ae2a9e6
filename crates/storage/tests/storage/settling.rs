//! Settling at the same time as everything else.

use stated_storage::ListOptions;

use crate::fixture::Fixture;

/// The settler writes an object's base while the object gives its connection back and opens it again.
#[test]
fn an_object_that_rests_and_wakes_while_it_is_settled_reads_what_it_wrote() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let mut other = fixture.open("other.sqlite");
    let mut state = 1u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state
    };
    let filler: Vec<u8> = std::iter::repeat_with(|| (noise() >> 56) as u8)
        .take(400_000)
        .collect();
    for round in 0..300u32 {
        database.kv_put("a", &round.to_le_bytes()).unwrap();
        database.end_turn().unwrap();
        // Fills a segment every other time.
        if round % 4 == 0 {
            other
                .kv_put(
                    &format!("{}", round % 16),
                    &filler[..300_000 + round as usize],
                )
                .unwrap();
            other.end_turn().unwrap();
        }
        for _ in 0..20 {
            assert!(database.rest());
            let entries = database.kv_list(&ListOptions::default()).unwrap();
            assert_eq!(entries, [("a".to_owned(), round.to_le_bytes().to_vec())]);
        }
    }
}
