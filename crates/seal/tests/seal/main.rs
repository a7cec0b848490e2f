//! What sealing promises, tried from outside.

#[cfg(test)]
mod blobs;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod root_key;
#[cfg(test)]
mod tampering;
