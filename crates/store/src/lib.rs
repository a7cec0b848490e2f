//! Typed tables with versioned, sealed records, transactions, a change feed and sealed blobs.
