//! All connections of a load, on one thread: the server has the other core of a small machine.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::wire::Wire;
use super::{Load, Received, STALL};

/// Bytes read at once.
const SCRATCH_BYTES: usize = 256 << 10;
/// Connections reported by one wait.
const EVENTS_MAX: usize = 256;
/// The event of the timer, which is no connection.
const TIMER: u64 = u64::MAX;

/// How long a connection may have been idle before a request goes on a new one instead: workerd
/// closes idle ones after five seconds.
const IDLE_MAX: Duration = Duration::from_secs(3);

/// Connections to one server.
pub(crate) struct Clients {
    address: SocketAddr,
    wires: Vec<Wire>,
    states: Vec<State>,
    epoll: OwnedFd,
    /// Waits of less than a millisecond, which `epoll_wait` has no words for.
    timer: OwnedFd,
    timer_runs: bool,
    events: Vec<Event>,
    ready: Vec<usize>,
    scratch: Box<[u8]>,
}

/// Whether an answer is due on a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Busy,
    IdleSince(Instant),
}

impl Clients {
    /// Opens `count` connections.
    pub(crate) fn connect(address: SocketAddr, count: usize) -> Result<Self> {
        let wires: Result<Vec<_>> = (0..count).map(|_| Wire::connect(address)).collect();
        Self::over(address, wires?)
    }

    /// Opens `count` WebSockets; the path of each comes from its number.
    pub(crate) fn connect_web_sockets(
        address: SocketAddr,
        count: usize,
        path: impl Fn(usize) -> String,
    ) -> Result<Self> {
        let wires: Result<Vec<_>> = (0..count)
            .map(|number| Wire::connect_web_socket(address, &path(number)))
            .collect();
        Self::over(address, wires?)
    }

    fn over(address: SocketAddr, wires: Vec<Wire>) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        let edge = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), edge)?;
        for (number, wire) in wires.iter().enumerate() {
            watch(&epoll, number, wire)?;
        }
        Ok(Self {
            address,
            states: vec![State::IdleSince(Instant::now()); wires.len()],
            wires,
            epoll,
            timer,
            timer_runs: false,
            events: Vec::with_capacity(EVENTS_MAX),
            ready: Vec::new(),
            scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.wires.len()
    }

    /// Sends the next request of a connection; false when the load has none.
    pub(crate) fn begin(&mut self, connection: usize, load: &mut dyn Load) -> Result<bool> {
        if let State::IdleSince(since) = self.states[connection]
            && since.elapsed() > IDLE_MAX
            && !self.wires[connection].is_web_socket()
        {
            self.wires[connection] = Wire::connect(self.address)?;
            watch(&self.epoll, connection, &self.wires[connection])?;
        }
        let wire = &mut self.wires[connection];
        if !load.begin(connection, wire.outbox()) {
            self.states[connection] = State::IdleSince(Instant::now());
            return Ok(false);
        }
        self.states[connection] = State::Busy;
        wire.flush()?;
        Ok(true)
    }

    /// Waits until something arrives, but at most for `timeout`, and reads it. Returns the
    /// connections.
    ///
    /// # Errors
    /// When nothing happens for [`STALL`], or a connection ends.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<usize>> {
        self.set_timer(timeout)?;
        self.events.clear();
        let stall = timespec(STALL)?;
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&stall)) {
            Ok(0) => bail!("no answer for {STALL:?}"),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = std::mem::take(&mut self.ready);
        ready.clear();
        for event in &self.events {
            let number = event.data.u64();
            if number != TIMER {
                let connection = number as usize;
                let wire = &mut self.wires[connection];
                wire.flush()?;
                match wire.fill(&mut self.scratch) {
                    Ok(()) => ready.push(connection),
                    // A server may end what it is not asked on.
                    Err(_) if self.states[connection] != State::Busy => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(ready)
    }

    fn set_timer(&mut self, timeout: Option<Duration>) -> Result<()> {
        if timeout.is_none() && !self.timer_runs {
            return Ok(());
        }
        // Zero would stop the timer.
        let at_least = |timeout: Duration| timeout.max(Duration::from_nanos(1));
        let once = Itimerspec {
            it_interval: timespec(Duration::ZERO)?,
            it_value: timespec(timeout.map_or(Duration::ZERO, at_least))?,
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        self.timer_runs = timeout.is_some();
        Ok(())
    }

    /// Gives back what [`Clients::wait`] returned, so that its memory is used again.
    pub(crate) fn recycle(&mut self, ready: Vec<usize>) {
        self.ready = ready;
    }

    /// Takes what a connection has received; true when it is an answer, false when more must come.
    pub(crate) fn answered(&mut self, connection: usize, load: &mut dyn Load) -> Result<bool> {
        let wire = &mut self.wires[connection];
        loop {
            if wire.inbox().is_empty() {
                return Ok(false);
            }
            match load.receive(connection, wire.inbox())? {
                Received::Part => return Ok(false),
                Received::Other(count) => wire.take(count),
                Received::Answer(count) => {
                    wire.take(count);
                    self.states[connection] = State::IdleSince(Instant::now());
                    return Ok(true);
                }
            }
        }
    }
}

/// Once for both directions and only on changes: no system call to change it later.
fn watch(epoll: &OwnedFd, number: usize, wire: &Wire) -> Result<()> {
    let changes = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
    let number = EventData::new_u64(number as u64);
    Ok(epoll::add(epoll, wire.stream(), number, changes)?)
}

fn timespec(duration: Duration) -> Result<Timespec> {
    Ok(Timespec::try_from(duration)?)
}
