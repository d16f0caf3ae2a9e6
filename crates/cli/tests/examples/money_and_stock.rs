//! Transfers, transactions and the key-value operations.

use serde_json::json;
use stated_testkit::{Server, example};

#[test]
fn a_transfer_moves_money_from_one_account_to_another() {
    let server = Server::start(example("bank-account"));

    assert_eq!(server.get("/ann").text(), r#"{"balance":0}"#);
    assert_eq!(
        server.post("/ann/deposit", r#"{"amount":100}"#).text(),
        r#"{"balance":100}"#
    );
    assert_eq!(
        server
            .post("/ann/transfer", r#"{"amount":30,"to":"bob"}"#)
            .text(),
        r#"{"balance":70}"#
    );
    assert_eq!(server.get("/bob").text(), r#"{"balance":30}"#);

    let server = server.kill_and_restart();

    assert_eq!(server.get("/ann").text(), r#"{"balance":70}"#);
    assert_eq!(server.get("/bob").text(), r#"{"balance":30}"#);
}

#[test]
fn a_transfer_of_more_than_the_balance_is_refused_and_changes_nothing() {
    let server = Server::start(example("bank-account"));
    server.post("/ann/deposit", r#"{"amount":10}"#);

    let refused = server.post("/ann/transfer", r#"{"amount":11,"to":"bob"}"#);

    assert_eq!(
        refused.status_and_text(),
        (409, r#"{"error":"Insufficient funds"}"#)
    );
    assert_eq!(server.get("/ann").text(), r#"{"balance":10}"#);
    assert_eq!(server.get("/bob").text(), r#"{"balance":0}"#);
}

#[test]
fn a_purchase_takes_all_items_or_none() {
    let server = Server::start(example("inventory"));

    assert_eq!(server.get("/").text(), "{}");
    assert_eq!(
        server.post("/restock", r#"{"pen":2,"ink":1}"#).json(),
        json!({ "stock:ink": 1, "stock:pen": 2 })
    );
    assert_eq!(
        server.post("/purchase", r#"["pen","ink"]"#).json(),
        json!({ "stock:ink": 0, "stock:pen": 1 })
    );

    let refused = server.post("/purchase", r#"["pen","ink"]"#);

    assert_eq!(
        refused.status_and_text(),
        (409, r#"{"error":"Out of stock: ink"}"#)
    );
    assert_eq!(server.get("/").text(), r#"{"stock:ink":0,"stock:pen":1}"#);
}

#[test]
fn the_storage_operations_give_what_cloudflare_documents() {
    let server = Server::start(example("storage-operations"));

    assert_eq!(
        server.get("/basic").json(),
        json!({
            "value": { "name": "Ann" },
            "values": [["key1", "one"]],
            "entries": ["key1", "lastUpdated", "user", "user:settings"],
            "prefixed": [["user:settings", { "theme": "dark" }]],
            "deletedOne": true,
            "deletedMany": 1,
            "left": 0,
        })
    );
}

#[test]
fn a_transaction_that_throws_is_rolled_back() {
    let server = Server::start(example("storage-operations"));

    assert_eq!(
        server.get("/transaction").json(),
        json!({ "balance": 70, "lastAttempt": 30, "refusal": "Insufficient funds" })
    );
}
