//! The watcher reports what changed and nothing else.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use stated_bundle::Watcher;
use tempfile::TempDir;

/// Long enough for the slowest machine; only a failing test waits for it.
const DEADLINE: Duration = Duration::from_secs(20);

struct Files {
    dir: TempDir,
}

impl Files {
    fn new(names: &[&str]) -> Self {
        let files = Self {
            dir: TempDir::new().expect("a temporary directory"),
        };
        for name in names {
            files.write(name, "before");
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, contents: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("make the directory");
        std::fs::write(path, contents).expect("write the file");
    }
}

async fn changed(watcher: &mut Watcher) -> Vec<PathBuf> {
    tokio::time::timeout(DEADLINE, watcher.changed())
        .await
        .expect("a change is reported")
}

/// Whether `changed` would wait.
async fn is_quiet(watcher: &mut Watcher) -> bool {
    let mut changed = pin!(watcher.changed());
    poll_fn(|context| Poll::Ready(changed.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn a_written_file_is_reported_once() {
    let files = Files::new(&["a.ts", "b.ts"]);
    let mut watcher = Watcher::new([files.path("a.ts"), files.path("b.ts")]);
    assert!(is_quiet(&mut watcher).await);

    files.write("b.ts", "after it was changed");

    assert_eq!(changed(&mut watcher).await, [files.path("b.ts")]);
    assert!(is_quiet(&mut watcher).await);
}

#[tokio::test]
async fn changes_in_quick_succession_are_one_change() {
    let files = Files::new(&["a.ts", "deep/b.ts"]);
    let mut watcher = Watcher::new([files.path("a.ts"), files.path("deep/b.ts")]);
    assert!(is_quiet(&mut watcher).await);

    // The first write wakes the watcher; the second is there before it has settled.
    let both = async {
        files.write("a.ts", "after it was changed");
        tokio::task::yield_now().await;
        files.write("deep/b.ts", "after it was changed");
    };
    let (reported, ()) = tokio::join!(changed(&mut watcher), both);

    assert_eq!(reported, [files.path("a.ts"), files.path("deep/b.ts")]);
}

#[tokio::test]
async fn a_file_that_is_replaced_removed_or_made_is_reported() {
    let files = Files::new(&["a.ts", "new-a.ts"]);
    let mut watcher = Watcher::new([files.path("a.ts"), files.path(".dev.vars")]);

    files.write("new-a.ts", "an editor writes beside and renames");
    std::fs::rename(files.path("new-a.ts"), files.path("a.ts")).expect("rename");
    assert_eq!(changed(&mut watcher).await, [files.path("a.ts")]);

    std::fs::remove_file(files.path("a.ts")).expect("remove");
    assert_eq!(changed(&mut watcher).await, [files.path("a.ts")]);

    files.write(".dev.vars", "SECRET=1");
    assert_eq!(changed(&mut watcher).await, [files.path(".dev.vars")]);
}

#[tokio::test]
async fn other_files_of_the_directory_are_not_reported() {
    let files = Files::new(&["a.ts"]);
    let mut watcher = Watcher::new([files.path("a.ts")]);

    files.write("other.ts", "not watched");
    files.write("a.ts", "after it was changed");

    assert_eq!(changed(&mut watcher).await, [files.path("a.ts")]);
}

#[tokio::test]
async fn a_directory_reports_what_appears_in_it() {
    let files = Files::new(&["src/a.ts"]);
    let mut watcher = Watcher::new([files.path("src"), files.path("node_modules")]);

    files.write("src/new.ts", "appears");
    assert_eq!(changed(&mut watcher).await, [files.path("src")]);

    files.write("node_modules/pkg/package.json", "{}");
    assert_eq!(changed(&mut watcher).await, [files.path("node_modules")]);
}

#[tokio::test]
async fn a_change_during_a_build_is_not_lost_when_the_set_changes() {
    let files = Files::new(&["a.ts", "b.ts"]);
    let mut watcher = Watcher::new([files.path("a.ts")]);

    files.write("a.ts", "changed while the build ran");
    watcher.set_files([files.path("a.ts"), files.path("b.ts")]);
    assert_eq!(changed(&mut watcher).await, [files.path("a.ts")]);

    watcher.set_files([files.path("b.ts")]);
    files.write("a.ts", "no longer watched");
    files.write("b.ts", "after it was changed");
    assert_eq!(changed(&mut watcher).await, [files.path("b.ts")]);
}
