//! What is kept for an event is forgotten with it.

use stated_worker::{LibraryAccess, Source};

use crate::host;

const WRITES: &str = "
    import fs from 'stated:node/fs';
    import { tmpCount } from 'stated:node-support/fs-tree';
    export default {
      fetch() {
        fs.writeFileSync('/tmp/a', 'a');
        fs.openSync('/tmp/a');
        return new Response(`${fs.readdirSync('/tmp')} ${tmpCount()}`);
      },
    };";

const EVENTS: usize = 50;

#[test]
fn files_of_events_that_have_ended_take_no_memory() {
    let answers = host::on_a_thread(|| {
        host::block_on(async {
            let worker = host::worker(&[]);
            let source = Source {
                code: WRITES.to_owned(),
                library: LibraryAccess::Internal,
                ..Source::default()
            };
            worker.load(source).expect("it loads");
            tokio::task::spawn_local(worker.clone().tend());
            let mut answers = Vec::new();
            for _ in 0..EVENTS {
                let response = worker.fetch("default", host::request(), &mut None).await;
                let body = host::bytes_of(response.expect("it answers").body).await;
                answers.push(String::from_utf8(body).expect("it is text"));
                // Ended contexts are put away by a task of their own.
                tokio::task::yield_now().await;
            }
            answers
        })
    });

    assert_eq!(answers[0], "a 1");
    let last = answers.last().expect("there was an event");
    assert!(
        *last != format!("a {EVENTS}"),
        "nothing was forgotten: {last}"
    );
}
