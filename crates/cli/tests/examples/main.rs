//! Every example of the repository, run as a user runs it and asked from outside.
//!
//! The expected values are Cloudflare's: `STATED_PEER=wrangler` runs the same tests against
//! wrangler (see `stated_testkit::runtime`).

mod chat;
mod counters;
mod errors_and_ids;
mod limits;
mod money_and_stock;
mod remote;
mod schedules;
mod sessions_and_scores;
