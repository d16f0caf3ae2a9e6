//! What hibernated WebSockets cost: memory, broadcast, wake-up. The program behind `bin/sockets`.
//!
//! Each group of sockets has a server of its own and a client process of its own, because a process
//! may have only so many descriptors: one group where the limit allows it. A client opens its
//! sockets, waits until the objects hibernate, and asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};
use stated_testkit::{Launch, Runtime, Server, fixture};

/// Descriptors that a process needs beside its sockets.
const SPARE_DESCRIPTORS: usize = 1_000;
/// Idle time after which an instance is dropped, and a little more.
const HIBERNATION: Duration = Duration::from_secs(14);
const WAKE_UPS: usize = 20;
const DEADLINE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, usual: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        let value = at.and_then(|at| arguments.get(at + 1)?.parse().ok());
        value.unwrap_or(usual)
    };
    let (sockets, objects) = (number("--sockets", 10_000), number("--objects", 1));
    if let Some(at) = arguments.iter().position(|argument| argument == "--client") {
        let address = arguments[at + 1].parse().expect("the parent wrote it");
        let server = number("--server", 0);
        Client::open(address, sockets, objects).measure(server);
        return ExitCode::SUCCESS;
    }
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(1 << 20) as usize;
    let groups = sockets.div_ceil(limit.saturating_sub(SPARE_DESCRIPTORS).max(1));
    println!(
        "{sockets} sockets on {objects} objects in {groups} server processes ({limit} descriptors each)"
    );
    let running: Vec<_> = (0..groups)
        .map(|group| {
            let share = |all: usize| all / groups + usize::from(group < all % groups);
            Group::start(share(sockets), share(objects).max(1))
        })
        .collect();
    for group in running {
        group.finish();
    }
    ExitCode::SUCCESS
}

/// A server and the process that measures it.
struct Group {
    _server: Server,
    client: std::process::Child,
}

impl Group {
    fn start(sockets: usize, objects: usize) -> Self {
        let server = [
            "--internal-port",
            "0",
            "--shards",
            "1",
            "--log-level",
            "warn",
        ]
        .into_iter()
        .fold(
            Launch::of(Runtime::Stated, fixture("sockets")).command("serve"),
            Launch::argument,
        )
        .start();
        let client = Command::new(std::env::current_exe().expect("a program knows its path"))
            .args(["--client", &server.address().to_string()])
            .args(["--server", &server.pid().to_string()])
            .args(["--sockets", &sockets.to_string()])
            .args(["--objects", &objects.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started again");
        Self {
            _server: server,
            client,
        }
    }

    fn finish(mut self) {
        let output = self.client.stdout.take().expect("it is piped");
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("  {line}");
        }
        let status = self.client.wait().expect("a child can be waited for");
        assert!(status.success(), "the client failed: {status}");
    }
}

struct Client {
    sockets: Vec<TcpStream>,
    objects: usize,
    address: SocketAddr,
    before: Memory,
}

impl Client {
    fn open(address: SocketAddr, sockets: usize, objects: usize) -> Self {
        Self {
            sockets: Vec::with_capacity(sockets),
            objects,
            address,
            before: Memory::default(),
        }
    }

    fn measure(mut self, server: usize) {
        // What the first connections load and allocate once is not theirs.
        let warm: Vec<_> = (0..100)
            .map(|index| connect(self.address, &format!("/warm?tag={index}")))
            .collect();
        drop(warm);
        std::thread::sleep(HIBERNATION);
        self.before = Memory::of(server);
        let count = self.sockets.capacity();
        let started = Instant::now();
        for index in 0..count {
            let object = index % self.objects;
            let mut socket = connect(self.address, &format!("/room-{object}?tag=user-{index}"));
            send(&mut socket, &format!("attach {index}"));
            self.sockets.push(socket);
        }
        let elapsed = started.elapsed();
        println!(
            "connected {count} sockets in {:.1} s ({:.0} per second)",
            elapsed.as_secs_f64(),
            count as f64 / elapsed.as_secs_f64()
        );
        self.report(server, "open");
        std::thread::sleep(HIBERNATION);
        self.report(server, "hibernated");
        self.ping();
        self.report(server, "hibernated, after an auto-response each");
        self.wake_up();
        self.broadcast("broadcast by an object that hibernated, wake-up included");
        self.broadcast("broadcast by a running object");
        std::thread::sleep(HIBERNATION);
        self.report(server, "hibernated again");
    }

    fn report(&self, server: usize, when: &str) {
        let now = Memory::of(server);
        let per_socket = |now: usize, before: usize| {
            now.saturating_sub(before) as f64 / self.sockets.len() as f64
        };
        println!(
            "{when}: {:.2} KiB per socket (process {} MiB, before {} MiB)",
            per_socket(now.kib, self.before.kib),
            now.kib / 1024,
            self.before.kib / 1024,
        );
    }

    fn ping(&mut self) {
        let started = Instant::now();
        for socket in &mut self.sockets {
            send(socket, "ping");
        }
        for socket in &mut self.sockets {
            assert_eq!(receive(socket), "pong");
        }
        println!(
            "auto-response for all: {:.0} ms",
            started.elapsed().as_secs_f64() * 1e3
        );
    }

    /// The time from a message to the answer of an object that has to be constructed for it.
    fn wake_up(&mut self) {
        let mut times = Vec::new();
        for object in 0..self.objects.min(WAKE_UPS) {
            let started = Instant::now();
            send(&mut self.sockets[object], "hello");
            assert_eq!(receive(&mut self.sockets[object]), "hello");
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "wake-up of {} objects: median {:.2} ms, slowest {:.2} ms",
            times.len(),
            times[times.len() / 2],
            times[times.len() - 1]
        );
    }

    fn broadcast(&mut self, what: &str) {
        // The last object: those that were woken are the first.
        let object = self.objects - 1;
        let count = self.sockets.len();
        let members: Vec<usize> = (0..count)
            .filter(|index| index % self.objects == object)
            .collect();
        let started = Instant::now();
        send(&mut self.sockets[members[0]], "all news");
        assert_eq!(receive(&mut self.sockets[members[0]]), "news");
        let first = started.elapsed();
        for index in &members[1..] {
            assert_eq!(receive(&mut self.sockets[*index]), "news");
        }
        println!(
            "{what}, to {} sockets: first after {:.1} ms, last after {:.1} ms",
            members.len(),
            first.as_secs_f64() * 1e3,
            started.elapsed().as_secs_f64() * 1e3
        );
    }
}

/// What a process holds: its anonymous memory, without the files it has mapped.
#[derive(Clone, Copy, Default)]
struct Memory {
    kib: usize,
}

impl Memory {
    fn of(process: usize) -> Self {
        let path = format!("/proc/{process}/smaps_rollup");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {path}: {error}"));
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Anonymous:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        Self {
            kib: kib.expect("the kernel writes this line"),
        }
    }
}

fn connect(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream =
        TcpStream::connect(address).unwrap_or_else(|error| panic!("connect to {address}: {error}"));
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("the deadline is not zero");
    stream.set_nodelay(true).expect("TCP has this option");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .expect("the server reads");
    let mut head = Vec::new();
    let mut piece = [0; 512];
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut piece).expect("the server answers in time");
        assert!(
            count > 0,
            "the server hung up: {}",
            String::from_utf8_lossy(&head)
        );
        head.extend_from_slice(&piece[..count]);
    }
    assert!(
        head.starts_with(b"HTTP/1.1 101"),
        "{}",
        String::from_utf8_lossy(&head)
    );
    stream
}

/// Sends a text frame whose mask changes nothing.
fn send(stream: &mut TcpStream, text: &str) {
    assert!(text.len() < 126);
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    stream.write_all(&frame).expect("the server reads");
}

fn receive(stream: &mut TcpStream) -> String {
    let mut header = [0; 2];
    stream
        .read_exact(&mut header)
        .expect("a message arrives in time");
    assert_eq!(header[0], 0x81, "a text frame");
    let mut payload = vec![0; usize::from(header[1])];
    stream
        .read_exact(&mut payload)
        .expect("a message arrives in time");
    String::from_utf8(payload).expect("text is UTF-8")
}
