//! Names of hosts: what the system's resolver says.

use std::net::IpAddr;

use crate::op::{Op, OpResult};
use crate::settled::{Settled, Unsettled};

/// Addresses of one answer: what does not fit is not given.
const ADDRESSES_MAX: usize = 256;

/// `dnsLookup`: resolves to the addresses of a host, one in a line, in the resolver's order.
///
/// # Errors
/// What the resolver says, which is that there is none, or that it could not be asked.
pub(crate) fn lookup<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.require_network()?;
    let host = op.text(0)?;
    let context = op.context()?;
    op.promise(async move {
        // The name leaves the machine.
        context.until_durable().await?;
        let found = tokio::net::lookup_host((host.as_str(), 0))
            .await
            .map_err(|error| Unsettled::Error("Error", error.to_string()))?;
        let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        addresses.dedup();
        addresses.truncate(ADDRESSES_MAX);
        let lines: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        Ok(Settled::Bytes(lines.join("\n").into_bytes()))
    })
}
