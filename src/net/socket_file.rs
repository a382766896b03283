//! A Unix socket that listens, and its file.
//!
//! A Unix socket is a file, and stays where it is when its owner ends without removing
//! it, as by a signal: `bind` then fails, although nobody listens. So what is in the
//! way is tried. If it accepts a connection, somebody does listen, and that is an
//! error. If it refuses, its owner is gone, and it is replaced. A file that is no
//! socket is never touched.
//!
//! Between trying and replacing lies time. Two servers that start at once both find the
//! old file. One replaces it, and then the other one replaces the new file: both
//! believe that they listen, and nobody can reach the first. The same happens to a file
//! that is bound and does not listen yet, which is two calls of the system. So all of
//! this is done under a lock (`flock`) of the directory. It leaves no file behind, and
//! the system takes it back from a process that ends.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::unix::connect;

/// How long to look for a server that may be listening.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait for others that look. Each of them is done in about [`PATIENCE`].
const LONGEST: Duration = Duration::from_secs(10);

/// A Unix socket that listens, and the file that leads to it.
#[derive(Debug)]
pub struct UnixFile {
    listener: UnixListener,
    path: String,
    /// The device and the number of the file, if this listener has made it: somebody
    /// else's may have taken its place.
    inode: Option<(u64, u64)>,
}

impl UnixFile {
    /// Listens at this path. A socket of a listener that is gone is replaced.
    ///
    /// # Errors
    /// When somebody listens there, or there is a file that is no socket.
    pub fn bind(path: &str) -> io::Result<Self> {
        let _lock = lock_directory(path);
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                remove_abandoned(path)?;
                UnixListener::bind(path)?
            }
            other => other?,
        };
        Ok(UnixFile { listener, path: path.to_owned(), inode: Some(inode(path)?) })
    }

    /// What accepts connections.
    #[must_use]
    pub fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A listener whose file belongs to somebody else.
    pub(super) fn handed_in(listener: UnixListener, path: &str) -> Self {
        UnixFile { listener, path: path.to_owned(), inode: None }
    }
}

impl Drop for UnixFile {
    fn drop(&mut self) {
        let _lock = self.inode.map(|_| lock_directory(&self.path));
        if self.inode.is_some() && inode(&self.path).ok() == self.inode {
            // If it may not be removed, the next server replaces it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Keeps others out of the directory of this path, as long as the result lives. Where
/// that cannot be had, it is done without: a file system may know no locks.
fn lock_directory(path: &str) -> Option<File> {
    let parent = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = File::open(parent.unwrap_or(Path::new("."))).ok()?;
    let begin = Instant::now();
    while let Err(TryLockError::WouldBlock) = directory.try_lock() {
        if begin.elapsed() > LONGEST {
            return None;
        }
        thread::sleep(Duration::from_millis(1));
    }
    Some(directory)
}

/// Removes what is in the way, if it is a socket on which nobody listens any more.
fn remove_abandoned(path: &str) -> io::Result<()> {
    if !std::fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "there is a file of this name, and it is no socket",
        ));
    }
    match connect(path, PATIENCE) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => {
            Err(io::Error::new(error.kind(), format!("there is a socket already, and {error}")))
        }
        Ok(_) => Err(io::Error::new(ErrorKind::AddrInUse, "somebody listens there already")),
    }
}

fn inode(path: &str) -> io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::net::{Address, Listener};

    #[test]
    fn of_several_servers_that_start_at_once_on_one_stale_file_one_listens() {
        let path = std::env::temp_dir().join(format!("roundtrip-stale-{}", std::process::id()));
        let address = Address::Unix(path.to_str().unwrap().into());
        for round in 0..200 {
            // A file on which nobody listens any more.
            let _ = std::fs::remove_file(&path);
            drop(UnixListener::bind(&path).unwrap());
            let barrier = Barrier::new(6);
            let bind = || {
                barrier.wait();
                Listener::bind(&address)
            };
            let listeners: Vec<_> = thread::scope(|scope| {
                let threads: Vec<_> = (0..6).map(|_| scope.spawn(bind)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let count = listeners.iter().filter(|listener| listener.is_ok()).count();
            assert_eq!(count, 1, "round {round}: {listeners:?}");
            assert!(connect(path.to_str().unwrap(), PATIENCE).is_ok(), "round {round}");
        }
        assert!(!path.exists());
    }
}
