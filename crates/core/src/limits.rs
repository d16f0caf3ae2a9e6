//! Every bound of the system, once: name, value, unit, and where it comes from.
//!
//! A module that enforces a bound names the constant here; nothing else in the workspace repeats
//! the number. A limit is inclusive: the value itself is still allowed.

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes; of text, its UTF-8 form.
    Bytes,
    /// A number of things.
    Count,
    /// Milliseconds.
    Milliseconds,
}

/// One bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The name of the constant.
    pub name: &'static str,
    /// The largest value allowed.
    pub value: u64,
    /// What the value counts.
    pub unit: Unit,
    /// The section of the behaviour reference, or "own" for a bound that Cloudflare leaves open.
    pub source: &'static str,
}

impl Limit {
    /// Tells whether `amount` is still allowed.
    pub const fn allows(&self, amount: u64) -> bool {
        amount <= self.value
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $value:expr, $unit:ident, $source:literal;)*) => {
        $($(#[$doc])* pub const $name: Limit = Limit {
            name: stringify!($name),
            value: $value,
            unit: Unit::$unit,
            source: $source,
        };)*

        /// All limits, in the order of this file.
        pub const ALL: &[Limit] = &[$($name),*];
    };
}

limits! {
    /// The longest name that an object learns about itself.
    OBJECT_NAME = 1024, Bytes, "1.5";
    /// The longest name in an ephemeral namespace.
    EPHEMERAL_NAME = 2048, Bytes, "1.6";

    /// The longest name of a facet.
    FACET_NAME = 256, Bytes, "2.8";
    /// Levels of facets, the root object included.
    FACET_DEPTH = 4, Count, "2.8";
    /// Facets that one object can ever have.
    FACETS = 65_535, Count, "2.8";

    /// Timers that may be active in one context.
    TIMERS = 10_000, Count, "2.9";
    /// The longest delay of a timer; longer ones are shortened to it.
    TIMER_DELAY = 3_153_600_000_000, Milliseconds, "2.9";

    /// Nested critical sections.
    SECTION_DEPTH = 64, Count, "3.3";
    /// How long one critical section may run.
    SECTION_TIME = 30_000, Milliseconds, "3.3";
    /// How long an output may wait for its commit.
    OUTPUT_GATE_TIME = 30_000, Milliseconds, "3.2";

    /// A key of the key-value back end.
    KV_KEY = 2048, Bytes, "4.3";
    /// A value of the key-value back end, as the message states it.
    KV_VALUE = 131_072, Bytes, "4.3";
    /// A value of the key-value back end, as it is enforced on the serialized form.
    KV_VALUE_ENFORCED = 131_072 + 34, Bytes, "4.3";
    /// Keys of one batch of the key-value back end.
    KV_BATCH = 128, Count, "4.3";

    /// One SQL text.
    SQL_TEXT = 100_000, Bytes, "5.6";
    /// One string, blob or row in SQLite.
    SQL_VALUE = 4 * 1024 * 1024, Bytes, "5.6";
    /// Columns of a table or result.
    SQL_COLUMNS = 100, Count, "5.6";
    /// Bound parameters of a statement.
    SQL_PARAMETERS = 100, Count, "5.6";
    /// Arguments of a SQL function.
    SQL_FUNCTION_ARGUMENTS = 127, Count, "5.6";
    /// The pattern of `LIKE` and `GLOB`.
    SQL_LIKE_PATTERN = 50, Bytes, "5.6";
    /// The depth of a SQL expression.
    SQL_EXPRESSION_DEPTH = 100, Count, "5.6";
    /// Terms of a compound `SELECT`.
    SQL_COMPOUND_TERMS = 5, Count, "5.6";
    /// Instructions of one prepared statement.
    SQL_PROGRAM = 25_000, Count, "5.6";
    /// Nested triggers.
    SQL_TRIGGER_DEPTH = 10, Count, "5.6";
    /// One allocation that SQLite may make.
    SQL_ALLOCATION = 16 * 1024 * 1024, Bytes, "5.6";

    /// Retries of an alarm that count; one run more than this is made in all.
    ALARM_RETRIES = 6, Count, "8.3";
    /// The delay before an alarm's first retry.
    ALARM_RETRY_DELAY = 2_000, Milliseconds, "8.3";
    /// The largest exponent of two by which that delay grows.
    ALARM_RETRY_EXPONENT = 9, Count, "8.3";
    /// How long one run of `alarm()` may take.
    ALARM_TIME = 15 * 60 * 1000, Milliseconds, "8.2";

    /// Cron expressions of one service.
    CRONS = 250, Count, "own";
    /// How late an occurrence of a cron expression still runs, after the process was down.
    CRON_LATE = 24 * 60 * 60 * 1000, Milliseconds, "own";
    /// How far the clock may be set back before recorded occurrences of cron expressions no longer count.
    CRON_CLOCK_BACK = 24 * 60 * 60 * 1000, Milliseconds, "own";
    /// How long one run of `scheduled()` may take, with what it gave to `waitUntil()`.
    SCHEDULED_TIME = 15 * 60 * 1000, Milliseconds, "own";

    /// Keys that one rate limit counts in one period.
    RATE_LIMIT_KEYS = 100_000, Count, "own";

    /// Hibernatable WebSockets of one object.
    WEBSOCKETS = 32_768, Count, "9.4";
    /// A message received on a WebSocket.
    WEBSOCKET_MESSAGE = 32 * 1024 * 1024, Bytes, "9.1";
    /// Distinct tags of one WebSocket.
    WEBSOCKET_TAGS = 10, Count, "9.4";
    /// One tag of a WebSocket.
    WEBSOCKET_TAG = 256, Bytes, "9.4";
    /// The serialized attachment of a WebSocket.
    WEBSOCKET_ATTACHMENT = 16_384, Bytes, "9.4";
    /// Either text of a WebSocket auto-response.
    WEBSOCKET_AUTO_RESPONSE = 2048, Bytes, "9.4";
    /// The reason of a Close frame.
    WEBSOCKET_CLOSE_REASON = 123, Bytes, "9.2";
    /// The longest time limit that can be set for a hibernatable WebSocket event.
    WEBSOCKET_EVENT_TIME = 604_800_000, Milliseconds, "9.4";

    /// Serialized arguments or result of one RPC call.
    RPC_MESSAGE = 32 * 1024 * 1024, Bytes, "10.3";
    /// Steps of a pipelined property path.
    RPC_PATH = 64, Count, "10.1";

    /// Processor time of one event, unless the project sets `limits.cpu_ms`.
    CPU_TIME = 30_000, Milliseconds, "14";
    /// The largest `limits.cpu_ms`.
    CPU_TIME_CONFIGURED = 300_000, Milliseconds, "14";
    /// The heap shared by the objects of one isolate.
    MEMORY = 128 * 1024 * 1024, Bytes, "14";

    /// Idle time after which the instance of an object is dropped and its sockets hibernate.
    HIBERNATE_AFTER = 10_000, Milliseconds, "2.5";
    /// Time without any reference after which the object's entry is removed.
    REMOVE_AFTER = 70_000, Milliseconds, "2.5";

    /// Events that may wait for one object.
    MAILBOX_EVENTS = 10_000, Count, "own";
    /// Bytes of the events that may wait for one object.
    MAILBOX_BYTES = 64 * 1024 * 1024, Bytes, "own";
    /// How long a request or call may wait before it reaches its object.
    MAILBOX_TIME = 30_000, Milliseconds, "own";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_allows_its_value_and_refuses_one_more() {
        for limit in ALL {
            assert!(limit.allows(limit.value), "{}", limit.name);
            assert!(!limit.allows(limit.value + 1), "{}", limit.name);
        }
    }

    #[test]
    fn every_limit_has_a_name_of_its_own_and_a_source() {
        let mut names: Vec<_> = ALL.iter().map(|limit| limit.name).collect();
        names.sort_unstable();
        names.dedup();

        assert_eq!(names.len(), ALL.len());
        for limit in ALL {
            let numbered = limit.source.starts_with(|c: char| c.is_ascii_digit());
            assert!(numbered || limit.source == "own", "{}", limit.name);
        }
    }
}
