//! Where things are inside a root, as functions know it from Lambda.

use types::RuntimeName;

/// The interpreter and its standard library: `sys.prefix`.
pub(super) const LANGUAGE: &str = "/var/lang";
/// Our bootstrap: LAMBDA_RUNTIME_DIR.
pub(super) const RUNTIME: &str = "/var/runtime";

/// Directories that are empty in the root: mount points, and places that programs expect.
pub(super) const EMPTY_DIRECTORIES: [&str; 9] =
    ["/dev", "/proc", "/tmp", "/var/task", "/opt", "/var/runtime", "/var/tmp", "/run", "/usr/local/bin"];

/// Directories that moved under /usr long ago; both names lead to the same place.
pub(super) const MERGED: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// Files of /etc that do not come from the host. `passwd` is a place to put the environment's own over.
pub(super) const ETC: [(&str, &str); 6] = [
    ("/etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"),
    ("/etc/group", "root:x:0:\nnobody:x:65534:\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    // There is no name server unless the platform puts one there: an answer, or a refusal, comes at once.
    ("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    ("/etc/os-release", "NAME=\"Lambent\"\nID=lambent\nPRETTY_NAME=\"Lambent execution environment\"\n"),
];

/// A path of the host or of a customer's view as a path of the root, without a leading slash: `/lib/x` is `usr/lib/x`.
pub(super) fn inside(path: &str) -> String {
    let path = path.trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if MERGED.contains(&first) { format!("usr/{path}") } else { path.to_owned() }
}

/// The variables that all runtimes share. Source: "Defined runtime environment variables" in the developer guide; the places
/// below /var/lang are those of Lambda's own images.
pub(super) fn variables(name: &RuntimeName, language: Option<(&str, &str)>) -> Vec<(String, String)> {
    let (bin, lib) = match language {
        Some(_) => ("/var/lang/bin:", "/var/lang/lib:"),
        None => ("", ""),
    };
    let libraries = "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib";
    let mut variables = vec![
        ("LANG".to_owned(), "en_US.UTF-8".to_owned()),
        ("TZ".to_owned(), ":UTC".to_owned()),
        ("PATH".to_owned(), format!("{bin}/usr/local/bin:/usr/bin/:/bin:/opt/bin")),
        ("LD_LIBRARY_PATH".to_owned(), format!("{lib}{libraries}")),
        ("LAMBDA_TASK_ROOT".to_owned(), "/var/task".to_owned()),
        ("LAMBDA_RUNTIME_DIR".to_owned(), RUNTIME.to_owned()),
    ];
    if let Some((variable, value)) = language {
        variables.push((variable.to_owned(), value.to_owned()));
        // Lambda defines this one for runtimes with a language only.
        variables.push(("AWS_EXECUTION_ENV".to_owned(), format!("AWS_Lambda_{name}")));
    }
    variables
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_names_of_a_merged_directory_are_one_path() {
        assert_eq!(super::inside("/lib/x86_64-linux-gnu/libc.so.6"), "usr/lib/x86_64-linux-gnu/libc.so.6");
        assert_eq!(super::inside("/usr/lib/libz.so.1"), "usr/lib/libz.so.1");
        assert_eq!(super::inside("/lib64/ld-linux-x86-64.so.2"), "usr/lib64/ld-linux-x86-64.so.2");
        assert_eq!(super::inside("/library/x"), "library/x");
    }
}
