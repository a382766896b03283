//! The router that a measurement starts for itself.

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::process::Process;
use super::protocol::ROUTER;
use crate::pace::Stop;
use crate::wamp::url::Url;

/// How long the router may take to start.
const START: Duration = Duration::from_secs(10);

/// The address of a Unix socket has room for a path of 104 bytes on some systems, and
/// 108 on Linux (`man 7 unix`), of which 40 are needed here.
const LONGEST: usize = 60;

/// A router in a process of its own, with a directory for its Unix sockets.
pub struct OwnRouter {
    /// Where the router listens.
    pub urls: Vec<Url>,
    // The process and the directory are dropped in this order: the directory goes when
    // the process has ended.
    pub process: Process,
    _directory: Directory,
}

impl OwnRouter {
    /// Starts a router with the realm of this name in a worker.
    pub fn start(worker: &[OsString], stop: &Stop, realm: &str) -> io::Result<Self> {
        let directory = Directory::new()?;
        let path = directory
            .0
            .to_str()
            .ok_or_else(|| io::Error::other("the directory for temporary files is not UTF-8"))?;
        let mut process = Process::start(worker, stop, ROUTER, &[&realm, &path])?;
        let urls = process.ready(START)?.into_iter().map(|line| line.parse());
        let urls = urls.collect::<Result<_, _>>().map_err(io::Error::other)?;
        Ok(OwnRouter { urls, process, _directory: directory })
    }
}

/// A new directory that only this user may enter, and that is removed when this is
/// dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> io::Result<Self> {
        let number = RandomState::new().hash_one(0);
        let temporary = Some(std::env::temp_dir()).filter(|path| path.as_os_str().len() <= LONGEST);
        let temporary = temporary.unwrap_or_else(|| "/tmp".into());
        let path = temporary.join(format!("roundtrip-{}-{number:x}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let what = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot make {}: {error}", path.display()))
        };
        builder.create(&path).map_err(what)?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
