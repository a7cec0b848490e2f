//! What both sides run: one function in three languages that answers with its event.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::connection::Connection;
use super::peers::node_client;
use super::peers::rie::Function;
use super::{deploy, measure};
use crate::program;
use crate::test::native;
use crate::workspace::Workspace;

/// The python function; the second handler tells which interpreter runs it.
const PYTHON: &str = "import sys\n\n\ndef handler(event, context):\n    return event\n\n\n\
    def version(event, context):\n    return sys.version\n";
pub(super) const NODE: &str = "exports.handler = async (event) => event;\n\
    exports.version = async () => process.version;\n";

/// One language.
pub(super) struct Subject {
    pub(super) name: &'static str,
    /// The runtime's name on our side.
    pub(super) runtime: String,
    /// The file of the function, and its name in the package.
    pub(super) file: PathBuf,
    pub(super) packed_as: &'static str,
    pub(super) handler: &'static str,
    /// What the emulator runs.
    pub(super) peer: Function,
    /// The interpreter of both sides, with the arguments that make it print its version.
    interpreter: Option<(PathBuf, [&'static str; 2])>,
}

/// All that this machine can run; what is missing is said.
pub(super) fn all(workspace: &Workspace, python: &Path, dir: &Path) -> Result<Vec<Subject>, String> {
    let task = dir.join("task");
    std::fs::write(task.join("app.js"), NODE).map_err(|error| error.to_string())?;
    let mut subjects = vec![self::python(python, &task)?];
    match node(&task, dir) {
        Ok(node) => subjects.push(node),
        Err(why) => println!("no node function: {why}"),
    }
    match native::build(workspace, &workspace.target.join("test-logs")) {
        Ok(bootstrap) => subjects.push(native_subject(bootstrap, task)),
        Err(why) => println!("no native function: {why}"),
    }
    Ok(subjects)
}

/// The official python client, on the very interpreter that the platform's runtime is made of.
pub(super) fn python(python: &Path, task: &Path) -> Result<Subject, String> {
    std::fs::write(task.join("app.py"), PYTHON).map_err(|error| error.to_string())?;
    let question = "import sys, sysconfig; print('%d.%d' % sys.version_info[:2]); \
        print(sysconfig.get_paths()['purelib'])";
    let answer = program::answer(Command::new(python).args(["-c", question]))?;
    let (version, packages) = answer.trim().split_once('\n').ok_or("python printed too little")?;
    let runtime = format!("python{version}");
    let interpreter = usual(&runtime)?;
    let command = [&interpreter, Path::new("-m"), Path::new("awslambdaric"), Path::new("app.handler")];
    let peer = Function {
        task: task.to_path_buf(),
        command: command.iter().map(|part| part.to_path_buf()).collect(),
        variables: vec![("PYTHONPATH", PathBuf::from(packages))],
    };
    Ok(Subject {
        name: "python",
        runtime,
        file: task.join("app.py"),
        packed_as: "app.py",
        handler: "app.handler",
        peer,
        interpreter: Some((interpreter, ["-c", "import sys; print(sys.version)"])),
    })
}

/// The official node client, on the interpreter that the platform's runtime is made of.
fn node(task: &Path, dir: &Path) -> Result<Subject, String> {
    let interpreter = usual("node")?;
    let version = program::answer(Command::new(&interpreter).arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().unwrap_or_default().to_owned();
    let client = node_client::program(dir)?;
    let command = vec![interpreter.clone(), client, PathBuf::from("app.handler")];
    Ok(Subject {
        name: "node",
        runtime: format!("nodejs{major}.x"),
        file: task.join("app.js"),
        packed_as: "app.js",
        handler: "app.handler",
        peer: Function { task: task.to_path_buf(), command, variables: Vec::new() },
        interpreter: Some((interpreter, ["-p", "process.version"])),
    })
}

fn native_subject(bootstrap: PathBuf, task: PathBuf) -> Subject {
    Subject {
        name: "native",
        runtime: "provided.al2023".to_owned(),
        file: bootstrap.clone(),
        packed_as: "bootstrap",
        handler: "bootstrap",
        peer: Function { task, command: vec![bootstrap], variables: Vec::new() },
        interpreter: None,
    }
}

/// Where the host keeps the interpreter that a runtime of that name is made of.
fn usual(program: &str) -> Result<PathBuf, String> {
    let usual = ["/usr/bin", "/usr/local/bin"].map(|dir| Path::new(dir).join(program));
    let found = usual.into_iter().find(|path| path.is_file()).or_else(|| program::find(program));
    found.ok_or_else(|| format!("no interpreter for {program}"))
}

impl Subject {
    /// Its code as it is deployed.
    pub(super) fn zip(&self, python: &Path) -> Result<String, String> {
        deploy::zip(python, &self.file, self.packed_as)
    }

    /// Both sides must run the very same interpreter.
    pub(super) async fn check_interpreter(
        &self,
        connection: &mut Connection,
        zip: &str,
    ) -> Result<(), String> {
        let Some((interpreter, arguments)) = &self.interpreter else { return Ok(()) };
        let name = format!("{}-version", self.name);
        deploy::function(connection, &name, &self.runtime, "app.version", zip).await?;
        let ours = connection.send(&deploy::invocation(&name, measure::EVENT)).await?;
        let ours: String = serde_json::from_slice(&ours).map_err(|error| error.to_string())?;
        let theirs = program::answer(Command::new(interpreter).args(arguments))?;
        if ours.trim() == theirs.trim() {
            return Ok(());
        }
        Err(format!("unequal interpreters: the platform runs {ours}, the peer {theirs}"))
    }
}
