//! An entry's name as a path below the root: the only form in which names go further.
//!
//! Invariant: an [`EntryPath`] has at least one component, and none of them is empty, `.`, `..`, or holds a slash,
//! a backslash or a NUL.

use crate::{Limits, LinkFault, NameFault};

/// The longest file name that Linux file systems take, in bytes.
const COMPONENT_BYTES: usize = 255;

/// A relative path without any special component. Ordered and compared by its bytes: case matters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct EntryPath {
    text: String,
    depth: usize,
}

/// What the name says about the entry's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Ends in a slash.
    Directory,
    Plain,
}

impl EntryPath {
    /// Reads an entry's name. Empty and `.` components vanish, as in the system's own reading of paths.
    pub(crate) fn parse(name: &str, limits: &Limits) -> Result<(Self, Ending), NameFault> {
        refuse_foreign(name)?;
        let mut text = String::with_capacity(name.len());
        let mut depth = 0;
        for component in name.split('/').filter(|c| !c.is_empty() && *c != ".") {
            match component {
                ".." => return Err(NameFault::Parent),
                _ if component.len() > COMPONENT_BYTES => return Err(NameFault::LongComponent),
                _ => {}
            }
            if depth > 0 {
                text.push('/');
            }
            text.push_str(component);
            depth += 1;
        }
        match depth {
            0 => Err(NameFault::Empty),
            _ if text.len() > limits.path_bytes => Err(NameFault::LongPath),
            _ if depth > limits.depth => Err(NameFault::Deep),
            _ => {
                let directory = name.ends_with('/') || name.ends_with("/.");
                Ok((Self { text, depth }, if directory { Ending::Directory } else { Ending::Plain }))
            }
        }
    }

    /// The path, components joined by single slashes.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The directories above, outermost first.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.text.match_indices('/').map(|(at, _)| &self.text[..at])
    }

    /// The directory that holds it (`None`: the root) and its name there.
    pub(crate) fn split(&self) -> (Option<&str>, &str) {
        match self.text.rsplit_once('/') {
            Some((directory, name)) => (Some(directory), name),
            None => (None, &self.text),
        }
    }

    /// Whether a symbolic link at this path may have `target`.
    ///
    /// Allowed are targets that first go up, not above the root, and then only down. A link's own directory is
    /// never reached through a link (the plan refuses that), so going up first stays within the package, and a
    /// name on the way down that is a link itself is bound by the same rule. `..` after a name has no such bound.
    pub(crate) fn may_link_to(&self, target: &[u8], limits: &Limits) -> Result<(), LinkFault> {
        if target.is_empty() || target.len() > limits.path_bytes || target.contains(&0) {
            return Err(LinkFault::Invalid);
        }
        if target.starts_with(b"/") {
            return Err(LinkFault::Absolute);
        }
        let components = target.split(|b| *b == b'/').filter(|c| !c.is_empty() && *c != b".");
        let (mut height, mut down) = (self.depth - 1, false);
        for component in components {
            match component {
                b".." if down => return Err(LinkFault::ParentAfterName),
                b".." => height = height.checked_sub(1).ok_or(LinkFault::Outside)?,
                _ => down = true,
            }
        }
        Ok(())
    }
}

/// What no path of a package may have, wherever it stands.
fn refuse_foreign(name: &str) -> Result<(), NameFault> {
    let bytes = name.as_bytes();
    if bytes.contains(&0) {
        return Err(NameFault::Nul);
    }
    if bytes.contains(&b'\\') {
        return Err(NameFault::Backslash);
    }
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    if bytes.starts_with(b"/") || drive {
        return Err(NameFault::Absolute);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(name: &str) -> Result<EntryPath, NameFault> {
        EntryPath::parse(name, &Limits::default()).map(|(path, _)| path)
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for (name, fault) in [
            ("", NameFault::Empty),
            ("./", NameFault::Empty),
            ("/etc/passwd", NameFault::Absolute),
            ("//x", NameFault::Absolute),
            ("C:/x", NameFault::Absolute),
            ("c:x", NameFault::Absolute),
            ("../x", NameFault::Parent),
            ("a/../../x", NameFault::Parent),
            ("a/..", NameFault::Parent),
            ("a\\b", NameFault::Backslash),
            ("..\\x", NameFault::Backslash),
            ("a\0b", NameFault::Nul),
        ] {
            assert_eq!(parse(name), Err(fault), "{name:?}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        assert!(parse(&"n".repeat(255)).is_ok());
        assert_eq!(parse(&"n".repeat(256)), Err(NameFault::LongComponent));
        assert_eq!(parse(&["n".repeat(200).as_str(); 21].join("/")), Err(NameFault::LongPath));
        assert_eq!(parse(&["d"; 129].join("/")), Err(NameFault::Deep));
    }

    #[test]
    fn spellings_of_one_path_are_one_path() {
        assert_eq!(parse("./a//b/./c").unwrap(), parse("a/b/c").unwrap());
        assert_ne!(parse("A").unwrap(), parse("a").unwrap());
    }

    #[test]
    fn unicode_look_alikes_are_plain_names() {
        for name in ["\u{2025}/x", "\u{ff0f}etc", "\u{ff0e}\u{ff0e}/x", "e\u{301}", "..."] {
            assert!(parse(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn links_stay_inside() {
        let at = parse("a/b/link").unwrap();
        for target in ["x", "../x", "../../x", "../..", ".", "./c/d"] {
            assert_eq!(at.may_link_to(target.as_bytes(), &Limits::default()), Ok(()), "{target}");
        }
        for (target, fault) in [
            ("", LinkFault::Invalid),
            ("a\0", LinkFault::Invalid),
            ("/etc/passwd", LinkFault::Absolute),
            ("../../..", LinkFault::Outside),
            ("../../../x", LinkFault::Outside),
            ("c/../../../x", LinkFault::ParentAfterName),
        ] {
            assert_eq!(at.may_link_to(target.as_bytes(), &Limits::default()), Err(fault), "{target:?}");
        }
    }

    proptest! {
        #[test]
        fn accepted_names_have_only_plain_components(name in "[a./\\\\:\\x00é-]{0,24}") {
            if let Ok(path) = parse(&name) {
                prop_assert!(!path.as_str().is_empty());
                for component in path.as_str().split('/') {
                    prop_assert!(!component.is_empty() && component != "." && component != "..");
                    prop_assert!(!component.contains(['\\', '\0']));
                }
                prop_assert_eq!(path.as_str().split('/').count(), path.depth);
            }
        }
    }
}
