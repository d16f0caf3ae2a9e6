//! Which SQL a program may run: the rules SQLite asks while it compiles a statement.
//!
//! The rules hold only while a program's SQL is compiled or stepped ([`Gatekeeper::enter`]); the
//! crate's own statements are not judged. SQLite recompiles a statement inside a step when the
//! schema changed and asks again then, so every step of a program's statement is guarded too.
//! What SQLite does not tell an authorizer (the new name of a renamed table) is checked by the
//! caller in `sql`.
//!
//! Source: reference section 5.5.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Switches the rules on and remembers why they last refused.
///
/// Used by one thread only; the atomics are there because the hook must be `Send`.
#[derive(Debug, Default)]
pub(crate) struct Gatekeeper {
    program_is_running: AtomicBool,
    refused_transaction: AtomicBool,
}

impl Gatekeeper {
    /// Judges statements until the returned guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Judging {
        self.refused_transaction.store(false, Relaxed);
        let outer = self.program_is_running.swap(true, Relaxed);
        Judging {
            gatekeeper: Arc::clone(self),
            outer,
        }
    }

    /// Whether the last refusal was for a transaction or savepoint statement.
    pub(crate) fn refused_transaction(&self) -> bool {
        self.refused_transaction.load(Relaxed)
    }

    /// Answers SQLite's question about one action of the statement being compiled.
    pub(crate) fn judge(&self, context: &AuthContext<'_>) -> Authorization {
        if !self.program_is_running.load(Relaxed) {
            return Authorization::Allow;
        }
        if matches!(
            context.action,
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. }
        ) {
            self.refused_transaction.store(true, Relaxed);
            return Authorization::Deny;
        }
        if is_allowed(&context.action) && !is_temporary(context) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }
}

/// While it lives, statements are judged.
#[derive(Debug)]
pub(crate) struct Judging {
    gatekeeper: Arc<Gatekeeper>,
    outer: bool,
}

impl Drop for Judging {
    fn drop(&mut self) {
        self.gatekeeper
            .program_is_running
            .store(self.outer, Relaxed);
    }
}

/// Whether a table, index or trigger name belongs to the runtime.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("_cf_"))
}

/// Whether something is made or asked for in the database of temporary tables, whatever the syntax: to
/// SQLite, `CREATE TABLE temp.x` is not `CREATE TEMP TABLE x`, and a trigger is known by the row of the
/// schema that it becomes. Reading and updating that schema, which is empty, is not refused, because SQLite
/// does so itself while it renames.
fn is_temporary(context: &AuthContext<'_>) -> bool {
    context.database_name == Some("temp")
        && matches!(
            context.action,
            AuthAction::CreateTable { .. }
                | AuthAction::CreateIndex { .. }
                | AuthAction::CreateTrigger { .. }
                | AuthAction::CreateView { .. }
                | AuthAction::CreateVtable { .. }
                | AuthAction::Analyze { .. }
                | AuthAction::Insert { .. }
                | AuthAction::Pragma { .. }
        )
}

fn is_allowed(action: &AuthAction<'_>) -> bool {
    let free = |names: [&str; 2]| !names.iter().any(|name| is_reserved(name));
    match *action {
        AuthAction::Select | AuthAction::Recursive => true,
        // Statistics may cover the runtime's own tables: they reveal nothing but sizes.
        AuthAction::Analyze { .. } | AuthAction::Reindex { .. } => true,
        AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Read { table_name, .. }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::DropVtable { table_name, .. } => !is_reserved(table_name),
        AuthAction::CreateView { view_name } | AuthAction::DropView { view_name } => {
            !is_reserved(view_name)
        }
        AuthAction::CreateIndex {
            index_name,
            table_name,
        }
        | AuthAction::DropIndex {
            index_name,
            table_name,
        } => free([index_name, table_name]),
        AuthAction::CreateTrigger {
            trigger_name,
            table_name,
        }
        | AuthAction::DropTrigger {
            trigger_name,
            table_name,
        } => free([trigger_name, table_name]),
        AuthAction::CreateVtable {
            table_name,
            module_name,
        } => !is_reserved(table_name) && contains(MODULES, module_name),
        AuthAction::Function { function_name } => contains(FUNCTIONS, function_name),
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => pragma_is_allowed(pragma_name, pragma_value),
        // ATTACH, DETACH, everything TEMP, and whatever later versions of SQLite add.
        _ => false,
    }
}

fn contains(sorted: &[&str], name: &str) -> bool {
    sorted
        .binary_search(&name.to_ascii_lowercase().as_str())
        .is_ok()
}

fn pragma_is_allowed(name: &str, value: Option<&str>) -> bool {
    match name.to_ascii_lowercase().as_str() {
        "data_version" | "page_size" => value.is_none(),
        "case_sensitive_like"
        | "defer_foreign_keys"
        | "foreign_keys"
        | "ignore_check_constraints"
        | "legacy_alter_table"
        | "recursive_triggers"
        | "reverse_unordered_selects" => value.is_none_or(is_boolean),
        "foreign_key_check" | "quick_check" => value.is_none_or(|name| !is_reserved(name)),
        "foreign_key_list" | "index_info" | "index_list" | "index_xinfo" | "table_info"
        | "table_xinfo" => value.is_some_and(|name| !is_reserved(name)),
        "optimize" => value.is_none_or(is_32_bit_integer),
        "table_list" => true,
        _ => false,
    }
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    ['\'', '"', '`']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// Whether the value begins like a boolean. What follows does not count, as in workerd: `10`, `0x2` and
/// `1.5` pass, and SQLite makes of them what it will.
fn is_boolean(value: &str) -> bool {
    const BEGINNINGS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "1", "0"];
    let value = unquoted(value).to_ascii_lowercase();
    BEGINNINGS.iter().any(|word| value.starts_with(word))
}

fn is_32_bit_integer(value: &str) -> bool {
    let value = unquoted(value);
    match value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"))
    {
        Some(digits) => u32::from_str_radix(digits, 16).is_ok(),
        None => value.parse::<i32>().is_ok(),
    }
}

const MODULES: &[&str] = &["fts5", "fts5vocab", "rtree", "rtree_i32"];

/// Sorted bytewise, for the binary search.
const FUNCTIONS: &[&str] = &[
    "->",
    "->>",
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "avg",
    "bm25",
    "ceil",
    "changes",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "cos",
    "cosh",
    "count",
    "cume_dist",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "degrees",
    "dense_rank",
    "exp",
    "first_value",
    "floor",
    "format",
    "glob",
    "group_concat",
    "hex",
    "highlight",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_length",
    "json_each",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_patch",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_tree",
    "json_type",
    "json_valid",
    "jsonb",
    "jsonb_array",
    "jsonb_extract",
    "jsonb_group_array",
    "jsonb_group_object",
    "jsonb_insert",
    "jsonb_object",
    "jsonb_patch",
    "jsonb_remove",
    "jsonb_replace",
    "jsonb_set",
    "julianday",
    "lag",
    "last_insert_rowid",
    "last_value",
    "lead",
    "length",
    "like",
    "likelihood",
    "likely",
    "ln",
    "load_extension",
    "log",
    "log2",
    "lower",
    "ltrim",
    "match",
    "max",
    "min",
    "mod",
    "nth_value",
    "ntile",
    "nullif",
    "octet_length",
    "percent_rank",
    "pi",
    "pow",
    "printf",
    "quote",
    "radians",
    "random",
    "randomblob",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtreecheck",
    "rtrim",
    "sign",
    "sin",
    "sinh",
    "snippet",
    "soundex",
    "sqlite_drop_column",
    "sqlite_rename_column",
    "sqlite_rename_quotefix",
    "sqlite_rename_table",
    "sqlite_rename_test",
    "sqrt",
    "strftime",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "tan",
    "tanh",
    "time",
    "timediff",
    "total",
    "total_changes",
    "trim",
    "trunc",
    "typeof",
    "unhex",
    "unicode",
    "unixepoch",
    "unlikely",
    "upper",
    "zeroblob",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(FUNCTIONS.is_sorted());
        assert!(MODULES.is_sorted());
    }

    #[test]
    fn reserved_names_are_found_in_any_case() {
        assert!(is_reserved("_cf_KV"));
        assert!(is_reserved("_CF_"));
        assert!(!is_reserved("_cf"));
        assert!(!is_reserved("x_cf_"));
        assert!(!is_reserved("_cé_"));
    }

    #[test]
    fn a_boolean_pragma_takes_what_begins_like_a_boolean() {
        for value in ["true", "'ON'", "\"no\"", "0", "1", "10", "1.5", "onn"] {
            assert!(pragma_is_allowed("foreign_keys", Some(value)), "{value}");
        }
        for value in ["2", "-1", "maybe", "t", ""] {
            assert!(!pragma_is_allowed("foreign_keys", Some(value)), "{value}");
        }
        assert!(pragma_is_allowed("Foreign_Keys", None));
    }

    #[test]
    fn optimize_takes_32_bits_and_no_more() {
        assert!(pragma_is_allowed("optimize", Some("0xffffffff")));
        assert!(!pragma_is_allowed("optimize", Some("0x1ffffffff")));
        assert!(pragma_is_allowed("optimize", Some("2147483647")));
        assert!(!pragma_is_allowed("optimize", Some("2147483648")));
    }

    #[test]
    fn a_pragma_that_describes_something_needs_its_name() {
        assert!(pragma_is_allowed("table_info", Some("t")));
        assert!(!pragma_is_allowed("table_info", None));
        assert!(!pragma_is_allowed("table_info", Some("_cf_KV")));
        assert!(!pragma_is_allowed("page_size", Some("512")));
    }
}
