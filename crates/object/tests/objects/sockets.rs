//! Hibernatable sockets.

use std::rc::Rc;
use std::time::Duration;

use stated_core::error::Failure;
use stated_core::limits;
use stated_object::hibernation::SocketId;
use stated_object::namespace::Entry;
use stated_object::program::Answer;
use stated_object::socket::{Socket, SocketEnd, SocketMessage, socket_pair};

use crate::fixture::{World, call, in_world, settle};

/// Attaches a socket to a running object and returns the peer's end.
async fn attach(world: &World, entry: &Rc<Entry>, id: u64, tags: &[&str]) -> SocketEnd {
    world
        .deliver(entry, call("connect"))
        .await
        .await
        .unwrap()
        .unwrap();
    let (own, peer) = socket_pair();
    let tags = tags.iter().map(ToString::to_string).collect();
    world
        .namespace
        .attach_socket(entry, SocketId(id), Socket::new(own), tags);
    peer
}

fn ids(entry: &Entry, tag: Option<&str>) -> Vec<SocketId> {
    let mut ids = Vec::new();
    entry.sockets.for_each(tag, |socket| ids.push(socket.id));
    ids
}

fn text(text: &str) -> SocketMessage {
    SocketMessage::Text(text.to_owned())
}

#[test]
fn sockets_are_listed_newest_first_or_by_tag_in_order_of_acceptance() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let _peers = [
            attach(&world, &entry, 7, &["x"]).await,
            attach(&world, &entry, 8, &["y"]).await,
            attach(&world, &entry, 9, &["x", "y"]).await,
        ];

        assert_eq!(ids(&entry, None), [9, 8, 7].map(SocketId));
        assert_eq!(ids(&entry, Some("x")), [7, 9].map(SocketId));
        assert_eq!(ids(&entry, Some("z")), []);
    });
}

#[test]
fn the_next_message_of_a_socket_waits_until_the_handler_is_done() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let peer = attach(&world, &entry, 1, &[]).await;
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        world.on_event(move |_, _, answer| {
            tokio::task::spawn_local(async move {
                finished.await.unwrap();
                answer.send(Ok(Answer::Done)).unwrap();
            });
        });

        peer.outgoing.send(text("one")).await.unwrap();
        peer.outgoing.send(text("two")).await.unwrap();
        settle().await;
        assert_eq!(world.log()[2..], ["Text(\"one\")"]);

        finish.send(()).unwrap();
        settle().await;
        assert_eq!(world.log()[2..], ["Text(\"one\")", "Text(\"two\")"]);
    });
}

#[test]
fn a_message_wakes_an_evicted_object_with_its_sockets_and_attachments() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let peer = attach(&world, &entry, 1, &["t"]).await;
        entry
            .sockets
            .get(SocketId(1))
            .unwrap()
            .set_attachment("kept".into());
        tokio::time::advance(Duration::from_secs(200)).await;
        world.namespace.sweep().await;
        assert!(entry.instance().is_none());

        peer.outgoing.send(text("hello")).await.unwrap();
        settle().await;

        assert!(entry.instance().is_some());
        let socket = entry.sockets.get(SocketId(1)).unwrap();
        assert_eq!(
            (socket.attachment().as_deref(), &socket.tags[..]),
            (Some(&b"kept"[..]), &["t".to_owned()][..])
        );
    });
}

#[test]
fn an_auto_response_is_sent_without_waking_the_object() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut peer = attach(&world, &entry, 1, &[]).await;
        entry
            .sockets
            .set_auto_response(Some(("ping".to_owned(), "pong".to_owned())));
        tokio::time::advance(Duration::from_secs(11)).await;
        world.namespace.sweep().await;

        peer.outgoing.send(text("ping")).await.unwrap();
        settle().await;

        assert_eq!(peer.incoming.recv().await, Some(text("pong")));
        assert!(entry.instance().is_none());
        assert!(
            entry
                .sockets
                .get(SocketId(1))
                .unwrap()
                .auto_response_ms()
                .is_some()
        );
    });
}

#[test]
fn a_close_is_delivered_and_then_the_socket_is_detached() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let peer = attach(&world, &entry, 1, &[]).await;

        peer.outgoing
            .send(SocketMessage::Close {
                code: Some(4000),
                reason: "bye".to_owned(),
            })
            .await
            .unwrap();
        settle().await;

        assert_eq!(
            world.log()[2..],
            ["Close { code: 4000, reason: \"bye\", was_clean: true }"]
        );
        assert!(entry.sockets.is_empty());
    });
}

#[test]
fn a_lost_connection_is_a_close_with_1006() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let peer = attach(&world, &entry, 1, &[]).await;

        drop(peer);
        settle().await;

        let expected = "Close { code: 1006, reason: \"WebSocket disconnected without sending Close frame.\", was_clean: false }";
        assert_eq!(world.log()[2..], [expected]);
    });
}

#[test]
fn a_break_cuts_every_socket() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut peer = attach(&world, &entry, 1, &[]).await;

        entry.instance().unwrap().break_with(Failure::aborted(None));
        settle().await;

        assert_eq!(peer.incoming.recv().await, None);
        assert!(entry.sockets.is_empty());
    });
}

#[test]
fn a_peer_that_does_not_read_is_closed_with_1013_and_the_object_sees_a_lost_connection() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut peer = attach(&world, &entry, 1, &[]).await;
        let socket = entry.sockets.get(SocketId(1)).unwrap();
        let mebibyte = SocketMessage::Binary(vec![0; 1 << 20].into());
        for _ in 0..63 {
            socket.socket.push(mebibyte.clone());
        }
        settle().await;
        assert_eq!((entry.sockets.len(), peer.incoming.len()), (1, 63));

        socket.socket.push(mebibyte.clone());
        socket.socket.push(mebibyte);
        settle().await;

        let close = SocketMessage::Close {
            code: Some(1013),
            reason: "too many messages wait to be read".to_owned(),
        };
        assert_eq!(peer.incoming.recv().await, Some(close));
        assert_eq!(peer.incoming.recv().await, None);
        let lost = "Close { code: 1006, reason: \"WebSocket disconnected without sending Close frame.\", was_clean: false }";
        assert_eq!(world.log()[2..], [lost]);
        assert!(entry.sockets.is_empty());
    });
}

#[test]
fn new_code_keeps_the_sockets_with_their_tags_attachments_and_timestamps() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut peer = attach(&world, &entry, 1, &["t"]).await;
        entry
            .sockets
            .set_auto_response(Some(("ping".to_owned(), "pong".to_owned())));
        peer.outgoing.push(text("ping")).unwrap();
        settle().await;
        let socket = entry.sockets.get(SocketId(1)).unwrap();
        socket.set_attachment("kept".into());
        let answered_at = socket.auto_response_ms().unwrap();
        let generation = entry.generation();

        world.namespace.update_code().await;
        assert!(entry.instance().is_none());
        assert_ne!(entry.generation(), generation, "old stubs are broken");
        peer.outgoing.push(text("hello")).unwrap();
        settle().await;

        assert_eq!(
            world.log()[2..],
            ["forget 1", "construct", "Text(\"hello\")"]
        );
        let socket = entry.sockets.get(SocketId(1)).unwrap();
        assert_eq!(
            (socket.attachment().as_deref(), &socket.tags[..]),
            (Some(&b"kept"[..]), &["t".to_owned()][..])
        );
        assert_eq!(socket.auto_response_ms(), Some(answered_at));
        assert_eq!(peer.incoming.recv().await, Some(text("pong")));
        peer.outgoing.push(text("ping")).unwrap();
        assert_eq!(peer.incoming.recv().await, Some(text("pong")));
    });
}

#[test]
fn a_message_whose_handler_has_not_begun_goes_to_the_new_code() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let peer = attach(&world, &entry, 1, &[]).await;
        let turn = entry.instance().unwrap().enter(None).await.unwrap();
        peer.outgoing.push(text("waits")).unwrap();
        settle().await;

        world.namespace.update_code().await;
        drop(turn);
        settle().await;

        let handled: Vec<_> = world
            .log()
            .into_iter()
            .filter(|line| line != "forget 1")
            .collect();
        assert_eq!(handled[2..], ["construct", "Text(\"waits\")"]);
    });
}

#[test]
fn what_was_sent_before_new_code_came_goes_out_when_its_write_is_durable() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut peer = attach(&world, &entry, 1, &[]).await;
        let instance = entry.instance().unwrap();
        let socket = entry.sockets.get(SocketId(1)).unwrap();
        let turn = instance.enter(None).await.unwrap();
        instance
            .with_database(|database| database.kv_put("key", b"value"))
            .unwrap()
            .unwrap();
        instance.when_durable(move || socket.socket.push(text("written")));
        drop(turn);
        let update = tokio::task::spawn_local({
            let namespace = world.namespace.clone();
            async move { namespace.update_code().await }
        });
        settle().await;
        assert!(peer.incoming.is_empty() && !update.is_finished());

        world.hand_over_report();
        update.await.unwrap();

        assert_eq!(peer.incoming.recv().await, Some(text("written")));
        assert!(entry.instance().is_none());
    });
}

#[test]
fn a_full_backlog_does_not_lose_messages_of_sockets() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let peer = attach(&world, &entry, 1, &[]).await;
        let turn = entry.instance().unwrap().enter(None).await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..limits::MAILBOX_EVENTS.value {
            waiting.push(world.deliver(&entry, call("waits")).await);
        }

        peer.outgoing.push(text("hello")).unwrap();
        settle().await;
        drop(turn);
        for call in waiting {
            call.await.unwrap().unwrap();
        }
        settle().await;

        assert_eq!(world.log().last().unwrap(), "Text(\"hello\")");
    });
}

#[test]
fn ten_thousand_sockets_are_attached_and_detached() {
    in_world(|world| async move {
        let entry = world.entry("a");
        attach(&world, &entry, 0, &[]).await;
        let mut peers = Vec::new();
        for id in 1..=10_000 {
            let (own, peer) = socket_pair();
            world
                .namespace
                .attach_socket(&entry, SocketId(id), Socket::new(own), Vec::new());
            peers.push(peer);
        }
        assert_eq!(ids(&entry, None)[0], SocketId(10_000));

        drop(peers);
        while !entry.sockets.is_empty() {
            settle().await;
        }
    });
}
