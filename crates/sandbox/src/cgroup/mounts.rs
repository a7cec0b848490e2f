//! The table of mounts, as far as control groups are in it.

use std::path::PathBuf;

/// Where the first file system of this kind is mounted; with an option, the first that has it.
pub(super) fn point(mounts: &str, kind: &str, option: Option<&str>) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, found, options) = (fields.next()?, fields.next()?, fields.next()?);
        let has_option = option.is_none_or(|wanted| options.split(',').any(|option| option == wanted));
        (found == kind && has_option).then(|| PathBuf::from(point))
    })
}
