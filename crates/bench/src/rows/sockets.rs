//! WebSockets of an object, plain and hibernating.

use std::net::SocketAddr;

use anyhow::Result;

use crate::load::web_socket::{Broadcast, Echo};
use crate::load::{Clients, closed};
use crate::row::{CONNECTIONS, Limit, Measure, MeasureTarget, Pace, Row};
use crate::target::Site;

const MESSAGE_BYTES: usize = 32;
const ROOM: usize = 1000;

pub(super) fn rows() -> Vec<Row> {
    let deliveries = "broadcast to 1,000 sockets: deliveries";
    let deliveries_hibernating = "broadcast to 1,000 hibernating sockets";
    vec![
        Row {
            limit: Some(Limit::WebSocket),
            ..own("ws-echo", "WebSocket echo", plain_echo)
        },
        Row {
            limit: Some(Limit::WebSocket),
            ..own(
                "ws-echo-hib",
                "WebSocket echo, hibernating",
                hibernating_echo,
            )
        },
        own("ws-broadcast", deliveries, plain_broadcast),
        own(
            "ws-broadcast-hib",
            deliveries_hibernating,
            hibernating_broadcast,
        ),
    ]
}

fn own(name: &'static str, title: &'static str, measure: MeasureTarget) -> Row {
    Row {
        aim: Some(3.0),
        ..Row::new(name, title, "sockets", Measure::Own(measure))
    }
}

fn plain_echo(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    echo_rate(site.target.address(), &format!("/plain/echo-{run}"), pace)
}

fn hibernating_echo(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    echo_rate(
        site.target.address(),
        &format!("/hibernating/echo-{run}"),
        pace,
    )
}

fn plain_broadcast(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    broadcast_rate(site.target.address(), &format!("/plain/room-{run}"), pace)
}

fn hibernating_broadcast(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    broadcast_rate(
        site.target.address(),
        &format!("/hibernating/room-{run}"),
        pace,
    )
}

/// Echoes per second of a server, with a message on its way on every connection.
pub(crate) fn echo_rate(address: SocketAddr, path: &str, pace: &Pace) -> Result<f64> {
    let mut clients = Clients::connect_web_sockets(address, CONNECTIONS, |_| path.to_owned())?;
    let mut load = Echo::new(CONNECTIONS, MESSAGE_BYTES);
    Ok(closed(&mut clients, &mut load, pace.duration)?.per_second)
}

fn broadcast_rate(address: SocketAddr, path: &str, pace: &Pace) -> Result<f64> {
    let mut clients = Clients::connect_web_sockets(address, ROOM, |_| path.to_owned())?;
    let outcome = closed(&mut clients, &mut Broadcast::new(ROOM), pace.duration)?;
    Ok(outcome.per_second * ROOM as f64)
}
