//! The rules of Durable Objects as pure data: ids, gates, alarms, limits and errors.
