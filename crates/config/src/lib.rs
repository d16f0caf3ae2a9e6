//! A wrangler project file, checked: from TOML or JSON to one Config without gaps.
