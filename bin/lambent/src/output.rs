//! What the command prints on standard output.
//!
//! Invariant: a reader that goes away, as `head` does, is no failure and ends no platform.

use crate::error::Error;
use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

/// Prints a line that is the command's result.
pub(crate) fn line(text: Arguments<'_>) -> Result<(), Error> {
    write_line(&mut io::stdout().lock(), text).map_err(Error::Output)
}

/// Prints a line for the person who watches; a platform goes on serving without it.
pub(crate) fn tell(text: Arguments<'_>) {
    if let Err(error) = line(text) {
        tracing::warn!(%error, "somebody may be missing a line");
    }
}

fn write_line(out: &mut impl Write, text: Arguments<'_>) -> io::Result<()> {
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_reader_that_left_is_no_failure() {
        assert!(write_line(&mut Broken(ErrorKind::BrokenPipe), format_args!("x")).is_ok());
        assert!(write_line(&mut Broken(ErrorKind::StorageFull), format_args!("x")).is_err());
    }
}
